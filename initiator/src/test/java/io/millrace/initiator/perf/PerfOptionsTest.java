package io.millrace.initiator.perf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PerfOptionsTest {
  @ParameterizedTest
  @CsvSource({
    "  1, false, false, false,  128", //
    "100, false, false, false,  512",
    "341, false, false, false, 1024",
    "342, false, false, true,   512",
    "100, true,  false, true,   128",
    // Tables, but room for requests without: a device need not have them.
    "100, false, true,  true,   512",
  })
  void aQueueHasRoomForItsRequests(
      int depth, boolean indirect, boolean packed, boolean tables, int queueSize) {
    PerfOptions.Builder builder = new PerfOptions.Builder();
    builder.ioDepth = depth;
    builder.indirect = indirect;
    builder.packed = packed;
    PerfOptions options = builder.build();

    assertThat(options.usesTables()).isEqualTo(tables);
    assertThat(options.effectiveQueueSize()).isEqualTo(queueSize);
  }

  @Test
  void theQueueSizeThatWasAskedForIsTaken() {
    PerfOptions.Builder builder = new PerfOptions.Builder();
    builder.ioDepth = 100;
    builder.queueSize = 256;

    assertThat(builder.build().effectiveQueueSize()).isEqualTo(256);
  }
}
