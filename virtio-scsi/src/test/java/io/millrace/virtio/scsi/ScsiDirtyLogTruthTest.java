package io.millrace.virtio.scsi;

import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.initiator.load.LoggedSlices;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a SCSI controller writes into memory is in the dirty log, no less and no more: data and
 * answers, responses, events, and what it uses of all its rings.
 */
@Timeout(240)
class ScsiDirtyLogTruthTest {
  /** For each ring format and disk; more by {@code -Dmillrace.slices}. */
  private static final int SLICES = Integer.getInteger("millrace.slices", 100);

  private ScsiHost host;
  private Path socket;
  @TempDir private Path folder;

  @BeforeEach
  void start() throws Exception {
    host = new ScsiHost(2);
    socket = host.controller("vm");
    host.malloc("memory");
    host.malloc("other");
  }

  @AfterEach
  void stop() throws Exception {
    host.close();
  }

  @ParameterizedTest
  @MethodSource("io.millrace.initiator.load.SlotLoad#formats")
  void aMemoryDiskMarksWhatItWrites(long features) throws Exception {
    host.add("vm", 0, 0, "memory");
    slices(features, features + 1);
  }

  @ParameterizedTest
  @MethodSource("io.millrace.initiator.load.SlotLoad#formats")
  void aFileDiskMarksWhatItWrites(long features) throws Exception {
    Path image = folder.resolve("disk.img");
    Files.write(image, new byte[ScsiHost.BLOCKS * ScsiHost.BLOCK]);
    host.onControl(() -> {
      host.bdevs.register(FileBdev.create(FileBdevOptions.of("file", image).withRaw(true)));
      return host.get("vm").add(0, 0, "file", false);
    });
    slices(features, features + 2);
  }

  /** A target comes, or goes: an event for the driver. */
  private boolean tellOfAnother() throws Exception {
    if (host.get("vm").targets().contains(1)) {
      host.until(() -> host.get("vm").removeTarget(1));
    } else {
      host.add("vm", 1, 0, "other");
    }
    return true;
  }

  private void slices(long features, long seed) throws Exception {
    ScsiDriverOptions options =
        ScsiDriverOptions.defaults()
            .withQueues(1, 1024, LoggedScsiGuest.DEPTH)
            .withFrontend(
                FrontendOptions.defaults()
                    .withFeatures(VirtioFeature.VERSION_1 | 1L << 30 | features));
    VirtioScsiDriver driver = VirtioScsiDriver.open(socket, options);
    try (LoggedScsiGuest guest = new LoggedScsiGuest(driver, seed, this::tellOfAnother)) {
      ScsiCdbs.settle(driver, VirtioScsi.lun(0, 0));
      LoggedSlices.run(guest, SLICES, seed);
    }
  }
}
