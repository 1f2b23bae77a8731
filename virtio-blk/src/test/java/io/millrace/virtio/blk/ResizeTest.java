package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.NullBdev;
import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.Frontend;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import io.millrace.vhost.user.BackendMessage;
import io.millrace.vhost.user.BackendMessageCodec;
import io.millrace.vhost.user.MessageChannel;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.virtqueue.VringLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A bdev gets another size under guests that run. */
@Timeout(60)
class ResizeTest {
  private static final long WAIT = BlkTarget.DEADLINE_NANOS;

  @TempDir private Path folder;
  private BlkTarget target;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(1);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  private void resize(NullBdev bdev, long blocks) throws Exception {
    target.onControl(() -> {
      bdev.resize(blocks);
      target.bdevs.resized(bdev);
      return null;
    });
  }

  private static VirtioBlkDriver open(Path socket) throws Exception {
    return VirtioBlkDriver.open(socket, BlkDriverOptions.defaults());
  }

  private static void awaitConfigChange(Frontend frontend) {
    BlkTarget.await("the configuration change is announced", () -> isTold(frontend));
  }

  private static boolean isTold(Frontend frontend) {
    try {
      return frontend
          .backendRequest()
          .map(message -> message instanceof BackendMessage.ConfigChange)
          .orElse(false);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static int read(VirtioBlkDriver driver, long sector) throws Exception {
    long buffer = driver.memory().allocate(512, 512);
    return driver.run(VirtioBlk.T_IN, sector, buffer, 512, WAIT);
  }

  @Test
  void everySessionIsToldOnceAndReadsTheNewCapacity() throws Exception {
    NullBdev bdev = new NullBdev("disk", UUID.randomUUID(), 512, 512, 2048);
    Path socket = target.serve(bdev, false, null);
    try (VirtioBlkDriver one = open(socket);
        VirtioBlkDriver two = open(socket)) {
      assertThat(read(one, 4095)).isEqualTo(VirtioBlk.S_IOERR);

      resize(bdev, 4096);

      awaitConfigChange(one.frontend());
      awaitConfigChange(two.frontend());
      assertThat(one.readConfig().capacitySectors()).isEqualTo(4096);
      assertThat(two.readConfig().capacitySectors()).isEqualTo(4096);
      assertThat(read(one, 4095)).isEqualTo(VirtioBlk.S_OK);
      assertThat(isTold(one.frontend())).isFalse();
    }
  }

  @Test
  void aFileThatGrowsAndShrinksIsFollowed() throws Exception {
    Path image = Files.write(folder.resolve("disk.img"), new byte[1 << 20]);
    FileBdev bdev = FileBdev.create(FileBdevOptions.of("disk", image));
    Path socket = target.serve(bdev, false, null);
    try (VirtioBlkDriver driver = open(socket);
        FileDescriptor file = LinuxFiles.open(image, OpenFlag.READ_WRITE)) {
      for (int mib : new int[] {4, 2}) {
        LinuxFiles.truncate(file, (long) mib << 20);
        target.onControl(() -> {
          if (bdev.rescan()) {
            target.bdevs.resized(bdev);
          }
          return null;
        });

        awaitConfigChange(driver.frontend());
        assertThat(driver.readConfig().sizeBytes()).isEqualTo((long) mib << 20);
        assertThat(read(driver, mib * 2048L - 1)).isEqualTo(VirtioBlk.S_OK);
        assertThat(read(driver, mib * 2048L)).isEqualTo(VirtioBlk.S_IOERR);
      }
    }
  }

  @Test
  void aDeviceThatIsSuspendedIsToldWhenItRunsAgain() throws Exception {
    NullBdev bdev = new NullBdev("disk", UUID.randomUUID(), 512, 512, 2048);
    Path socket = target.serve(bdev, false, null);
    try (Frontend frontend = Frontend.connect(socket, FrontendOptions.defaults());
        GuestMemory memory = GuestMemory.create(1 << 20)) {
      frontend.setFeatures(VirtioBlk.FEATURES);
      frontend.shareMemory(List.of(memory));
      resize(bdev, 4096);
      frontend.barrier();
      assertThat(isTold(frontend)).isFalse();

      long at = memory.address();
      frontend.startQueue(0, new VringLayout(16, at, at + 1024, at + 2048), 0).close();

      awaitConfigChange(frontend);
    }
    try (VirtioBlkDriver driver = open(socket)) {
      driver.stop();
      resize(bdev, 8192);
      driver.frontend().barrier();
      assertThat(isTold(driver.frontend())).isFalse();
      assertThat(driver.readConfig().capacitySectors()).isEqualTo(8192);
    }
  }

  @Test
  void whatIsAnnouncedWhileTheChannelIsFullComesWhenItHasRoom() throws Exception {
    NullBdev bdev = new NullBdev("disk", UUID.randomUUID(), 512, 512, 2048);
    Path socket = target.serve(bdev, false, null);
    try (VirtioBlkDriver driver = open(socket)) {
      int fitting = announcementsThatFit();
      for (int i = 1; i <= fitting + 200; i++) {
        resize(bdev, 2048 + i);
      }

      int[] told = {0};
      BlkTarget.await(
          "one more than fit is announced",
          () -> {
            told[0] += isTold(driver.frontend()) ? 1 : 0;
            return told[0] > fitting;
          });
      assertThat(driver.readConfig().capacitySectors()).isEqualTo(2048 + fitting + 200);

      resize(bdev, 1 << 20);
      awaitConfigChange(driver.frontend());
    }
  }

  /** How many announcements a socket takes before somebody reads. */
  private static int announcementsThatFit() throws Exception {
    List<MessageChannel> ends = MessageChannel.pair();
    try (MessageChannel sender = ends.getFirst();
        MessageChannel reader = ends.getLast()) {
      int count = 0;
      while (!sender.wantsWrite()) {
        sender.send(
            BackendMessageCodec.encode(new BackendMessage.ConfigChange(), false), List.of());
        count++;
      }
      assertThat(reader.wantsWrite()).isFalse();
      return count - 1;
    }
  }

  @Test
  void aFrontEndWithoutAWayToBeToldGoesOn() throws Exception {
    NullBdev bdev = new NullBdev("disk", UUID.randomUUID(), 512, 512, 2048);
    Path socket = target.serve(bdev, false, null);
    Set<ProtocolFeature> few = EnumSet.of(ProtocolFeature.CONFIG, ProtocolFeature.REPLY_ACK);
    BlkDriverOptions options =
        BlkDriverOptions.defaults()
            .withFrontend(FrontendOptions.defaults().withProtocolFeatures(few));
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options)) {
      resize(bdev, 4096);

      assertThat(driver.readConfig().capacitySectors()).isEqualTo(4096);
      assertThat(read(driver, 4095)).isEqualTo(VirtioBlk.S_OK);
    }
  }
}
