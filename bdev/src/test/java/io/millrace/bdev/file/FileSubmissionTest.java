package io.millrace.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.IoType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When requests reach the kernel: before the end of the round they were started in, or then. */
class FileSubmissionTest {
  private static final int BLOCK = 4096;
  private static final int REQUESTS = 8;

  @TempDir Path directory;
  private Path image;

  @BeforeEach
  void createImage() throws Exception {
    image = Files.write(directory.resolve("disk.img"), new byte[REQUESTS * BLOCK]);
  }

  @Test
  void theDeviceBeginsWithDirectRequestsBeforeTheRoundEnds() throws Exception {
    assertThat(waitForTheEndOfTheRound(true)).isFalse();
  }

  @Test
  void requestsToThePageCacheShareOneSystemCall() throws Exception {
    assertThat(waitForTheEndOfTheRound(false)).isTrue();
  }

  private boolean waitForTheEndOfTheRound(boolean direct) throws Exception {
    FileBdevOptions options =
        FileBdevOptions.of("disk", image).withEngine(FileEngineKind.IO_URING).withDirect(direct);
    try (FileDisk disk = new FileDisk(options)) {
      FileEngine engine = FileEngines.acquire(disk.reactor, FileEngineKind.IO_URING, false);
      TestIo[] reads =
          IntStream.range(0, REQUESTS)
              .mapToObj(i -> disk.transfer(IoType.READ, (long) i * BLOCK, BLOCK, (long) i * BLOCK))
              .toArray(TestIo[]::new);
      for (TestIo read : reads) {
        disk.channel.submit(read);
      }
      boolean waiting = engine.kernel().hasUnsubmitted();
      disk.await(reads);
      FileEngines.release(engine);
      return waiting;
    }
  }
}
