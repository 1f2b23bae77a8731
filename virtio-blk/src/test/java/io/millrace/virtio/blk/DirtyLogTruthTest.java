package io.millrace.virtio.blk;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.load.LoggedSlices;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a block device writes into memory is in the dirty log, no less and no more. */
@Timeout(240)
class DirtyLogTruthTest {
  /** For each ring format and disk; more by {@code -Dmillrace.slices}. */
  private static final int SLICES = Integer.getInteger("millrace.slices", 200);

  private BlkTarget target;
  @TempDir private Path folder;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(2);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  private static BlkDriverOptions options(long features) {
    return BlkDriverOptions.defaults()
        .withFrontend(
            FrontendOptions.defaults().withFeatures(VirtioFeature.VERSION_1 | 1L << 30 | features));
  }

  @ParameterizedTest
  @MethodSource("io.millrace.initiator.load.SlotLoad#formats")
  void aMemoryDiskMarksWhatItWrites(long features) throws Exception {
    Path socket = target.serveMalloc("disk");
    try (LoggedBlkGuest guest = new LoggedBlkGuest(socket, options(features), features + 1)) {
      LoggedSlices.run(guest, SLICES, features + 1);
    }
  }

  @ParameterizedTest
  @MethodSource("io.millrace.initiator.load.SlotLoad#formats")
  void aFileDiskMarksWhatItWrites(long features) throws Exception {
    Path socket = target.serveFile("disk", folder.resolve("disk.img"));
    try (LoggedBlkGuest guest = new LoggedBlkGuest(socket, options(features), features + 2)) {
      LoggedSlices.run(guest, SLICES, features + 2);
    }
  }
}
