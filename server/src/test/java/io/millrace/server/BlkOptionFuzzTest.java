package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/** Any value of {@code --blk} is a disk, or refused by a line that repeats it. */
class BlkOptionFuzzTest {
  @FuzzTest
  void everyValueIsADiskOrRefused(byte[] input) {
    String value = new String(input, StandardCharsets.UTF_8);
    DiskOption option;
    try {
      option = DiskOption.parse(value);
    } catch (IllegalArgumentException e) {
      assertThat(e.getMessage()).startsWith("--blk " + value + " ");
      return;
    }

    assertThat(option.image().toString()).isNotEmpty();
    assertThat(option.socket().name()).isNotEmpty();
    String serial = option.serial();
    if (serial != null) {
      assertThat(serial.getBytes(StandardCharsets.UTF_8)).hasSizeBetween(1, 20);
    }
    assertThat(DiskOption.parse(value)).isEqualTo(option);
  }
}
