package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.InflightMemory;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.load.DoomedTarget;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.VirtioFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A program that we did not write is killed amid its requests, and Millrace finishes them from the
 * region that it left; and the other way round.
 */
@Timeout(value = 1, unit = TimeUnit.HOURS)
class TakeoverTest {
  /** For each ring format and way; more by {@code -Dmillrace.takeovers}. */
  private static final int TAKEOVERS = Integer.getInteger("millrace.takeovers", 10);

  /** Of the device: what both have. */
  private static final long FEATURES =
      VirtioBlk.F_SEG_MAX | VirtioBlk.F_BLK_SIZE | VirtioBlk.F_FLUSH | VirtioBlk.F_MQ;

  private static final Program SPDK = SpdkVhost::start;

  @TempDir private Path folder;
  private Path socket;
  private Path image;
  private Path log;

  /** Starts a target at the socket. */
  private interface Program {
    DoomedTarget start(Path socket, Path image, Path log) throws IOException;
  }

  static LongStream formats() {
    return LongStream.of(0, VirtioFeature.INDIRECT_DESC)
        .flatMap(features -> LongStream.of(features, VirtioFeature.RING_PACKED | features));
  }

  @BeforeEach
  void prepare() throws IOException {
    SpdkVhost.assumeThere();
    socket = folder.resolve("disk.sock");
    image = DoomedTarget.image(folder);
    log = folder.resolve("log");
  }

  @ParameterizedTest
  @MethodSource("formats")
  void millraceFinishesWhatSpdkWasKilledAmid(long features) throws Exception {
    takeOver(SPDK, DoomedDisk::start, features);
  }

  @ParameterizedTest
  @MethodSource("formats")
  void spdkFinishesWhatMillraceWasKilledAmid(long features) throws Exception {
    takeOver(DoomedDisk::start, SPDK, features);
  }

  /**
   * Waits until a packed queue's region says that nothing is under way. SPDK tells by an entry that
   * has nothing to do with it whether what the one before had begun is to be taken back (its
   * vhost_check_queue_inflights_packed, spdk#3070), and may leave a list with an entry twice in it.
   */
  private static void awaitRest(SurvivingLoad load) {
    if (load.driver.has(VirtioFeature.RING_PACKED)) {
      BlkTarget.await(
          "the region is at rest",
          () -> {
            ByteBuffer header = header(load);
            return header.getShort(12) == header.getShort(14) // free_head, old_free_head
                && isNoted(load, header);
          });
    }
  }

  /**
   * Whether the region of a target that was killed knows what the driver was shown, but for one
   * chain at most. SPDK goes by that: where a batch was shown and not noted yet it takes back the
   * last chain alone (vhost_check_queue_inflights_split), and returns the others twice.
   */
  private static boolean isNoted(SurvivingLoad load, ByteBuffer header) {
    if (load.driver.has(VirtioFeature.RING_PACKED)) {
      return header.getShort(16) == header.getShort(18) // used_idx, old_used_idx
          && header.get(20) == header.get(21); // their wrap counters
    }
    long index = load.driver.queue(0).ring().layout().used() + 2;
    return (short) (RawMemory.getShortAcquire(index) - header.getShort(14)) <= 1; // used_idx
  }

  private static ByteBuffer header(SurvivingLoad load) {
    InflightMemory region = Objects.requireNonNull(load.driver.inflight());
    Path file = Path.of("/proc/self/fd", String.valueOf(region.file().number()));
    ByteBuffer header = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(file)) {
      channel.read(header, region.area().mmapOffset());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return header;
  }

  /** The first is killed under load, and the second, so that the first may begin again, at rest. */
  private void takeOver(Program first, Program second, long features) throws Exception {
    BlkDriverOptions options = SurvivingLoad.options(features).withDeviceFeatures(FEATURES);
    Random random = new Random(features + TAKEOVERS);
    DoomedTarget target = first.start(socket, image, log);
    int i = 0;
    int taken = 0;
    long unfinished = 0;
    try (SurvivingLoad load = new SurvivingLoad(socket, options, 7)) {
      assertThat(load.driver.has(VirtioFeature.RING_PACKED))
          .isEqualTo(VirtioFeature.has(features, VirtioFeature.RING_PACKED));
      assertThat(load.driver.inflight()).isNotNull();
      for (; i < TAKEOVERS; i++) {
        load.run(random.nextInt(1_000));
        target.kill();
        unfinished += load.unfinished();
        boolean able = second != SPDK || isNoted(load, header(load));
        taken += able ? 1 : 0;
        target = (able ? second : first).start(socket, image, log);
        load.driver.reconnect(socket);
        load.run(random.nextInt(1_000));
        load.compareAll();
        awaitRest(load);
        target.kill();
        target = first.start(socket, image, log);
        load.driver.reconnect(socket);
      }
      load.compareAll();
      assertThat(unfinished).as("requests in flight when it was killed").isPositive();
      assertThat(taken).as("takeovers by the second").isGreaterThan(TAKEOVERS / 2);
    } catch (Exception | AssertionError e) {
      throw new AssertionError(
          "%d takeovers went well: %s; the targets said: %s".formatted(i, e, Files.readString(log)),
          e);
    } finally {
      target.kill();
    }
  }
}
