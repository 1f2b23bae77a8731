package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagesTest {
  private static final int BYTES = 3 << 20;

  @TempDir private Path folder;

  @Test
  void anImageIsMadeOfWrittenBytes() throws Exception {
    Path image = folder.resolve("disk.img");

    Images.prepare(image, BYTES);

    byte[] content = Files.readAllBytes(image);
    assertThat(content).hasSize(BYTES);
    for (int block = 0; block < BYTES; block += 4096) {
      assertThat(content[block] | content[block + 1] | content[block + 2]).isNotZero();
    }
  }

  @Test
  void oneOfTheRightSizeKeepsItsContentAndAnotherIsMadeAnew() throws Exception {
    Path image = folder.resolve("disk.img");
    Files.write(image, new byte[BYTES]);

    Images.prepare(image, BYTES);
    assertThat(Files.readAllBytes(image)).isEqualTo(new byte[BYTES]);

    Images.prepare(image, BYTES - (1 << 20));
    assertThat(Files.readAllBytes(image))
        .hasSize(BYTES - (1 << 20))
        .isNotEqualTo(new byte[2 << 20]);
  }
}
