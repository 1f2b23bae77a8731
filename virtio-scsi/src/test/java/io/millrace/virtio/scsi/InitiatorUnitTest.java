package io.millrace.virtio.scsi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.NullBdev;
import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.ScsiResult;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.initiator.bdev.VhostUserBdev;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import io.millrace.virtio.scsi.UnitAsBdev.Io;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A logical unit of ours as a bdev of somebody else: data, sizes, ends. */
@Timeout(60)
class InitiatorUnitTest {
  private static final int TARGET = 3;
  private static final int LUN = 300; // one of those whose number has two bytes
  private static final int DISK_BYTES = ScsiHost.BLOCK * ScsiHost.BLOCKS;
  private static final int CHUNK_BLOCKS = 4096;

  private ScsiHost host;
  private Path socket;

  @BeforeEach
  void start() throws Exception {
    host = new ScsiHost(1);
    socket = host.controller("vm");
  }

  @AfterEach
  void stop() throws Exception {
    host.close();
  }

  private UnitAsBdev openMalloc() throws Exception {
    host.malloc("disk");
    host.add("vm", TARGET, LUN, "disk");
    return new UnitAsBdev(socket, TARGET, LUN);
  }

  private NullBdev addNull(int blocks) throws Exception {
    NullBdev disk = new NullBdev("disk", UUID.randomUUID(), 4096, 4096, blocks);
    host.onControl(() -> {
      host.bdevs.register(disk);
      return true;
    });
    host.add("vm", TARGET, LUN, "disk");
    return disk;
  }

  @Test
  void propertiesAreTheUnits() throws Exception {
    try (UnitAsBdev unit = openMalloc()) {
      assertThat(unit.bdev.blockCount()).isEqualTo(ScsiHost.BLOCKS);
      assertThat(unit.bdev.properties().blockSize()).isEqualTo(ScsiHost.BLOCK);
      assertThat(unit.bdev.properties().productName()).isEqualTo("Virtio SCSI Disk");
      assertThat(unit.bdev.properties().volatileCache()).isFalse();
      assertThat(unit.bdev.properties().types())
          .containsExactlyInAnyOrder(
              IoType.READ,
              IoType.WRITE,
              IoType.FLUSH,
              IoType.UNMAP,
              IoType.WRITE_ZEROES,
              IoType.COMPARE);
    }
  }

  @Test
  void whatIsWrittenAndZeroedIsThereByteByByte() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] model = new byte[DISK_BYTES];
    try (UnitAsBdev unit = openMalloc()) {
      for (int round = 0; round < 150; round++) {
        int bytes = 512 * (1 + random.nextInt(round % 5 == 0 ? 2000 : 300));
        int offset = 512 * random.nextInt((DISK_BYTES - bytes) / 512 + 1);
        Io io = new Io();
        if (round % 7 == 3) {
          io.begin(IoType.WRITE_ZEROES, offset, bytes);
          Arrays.fill(model, offset, offset + bytes, (byte) 0);
          if (random.nextBoolean()) {
            io.allowUnmap();
          }
        } else {
          boolean write = random.nextInt(3) != 0;
          io.begin(write ? IoType.WRITE : IoType.READ, offset, bytes);
          addSegments(unit, io, bytes, random);
          if (write) {
            byte[] data = new byte[bytes];
            random.nextBytes(data);
            unit.fill(data);
            System.arraycopy(data, 0, model, offset, bytes);
          }
        }

        assertThat(unit.run(io)).as("seed %d", seed).isEqualTo(IoStatus.SUCCESS);

        assertThat(io.transferredBytes()).isEqualTo(bytes);
        if (io.type() == IoType.READ) {
          assertThat(unit.data(bytes))
              .as("seed %d", seed)
              .isEqualTo(Arrays.copyOfRange(model, offset, offset + bytes));
        }
      }
    }
    assertThat(whole()).as("seed %d", seed).isEqualTo(model);
  }

  /** Pieces of any lengths, which lie side by side. */
  private static void addSegments(UnitAsBdev unit, Io io, int bytes, Random random) {
    int at = 0;
    while (at < bytes) {
      int piece = Math.min(bytes - at, 1 + random.nextInt(200_000));
      io.addSegment(unit.memory.address() + at, piece);
      at += piece;
    }
  }

  /** All that the disk has, as another initiator reads it. */
  private byte[] whole() throws Exception {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try (VirtioScsiDriver driver = VirtioScsiDriver.open(socket, ScsiDriverOptions.defaults())) {
      long lun = VirtioScsi.lun(TARGET, LUN);
      ScsiCdbs.settle(driver, lun);
      for (int block = 0; block < ScsiHost.BLOCKS; block += CHUNK_BLOCKS) {
        byte[] cdb = ScsiCdbs.transfer(ScsiCdbs.READ, block, CHUNK_BLOCKS);
        ScsiResult read = driver.read(lun, cdb, CHUNK_BLOCKS * ScsiHost.BLOCK, ScsiCdbs.PATIENCE);
        assertThat(read.isGood()).as(read.condition()).isTrue();
        all.writeBytes(read.data());
      }
    }
    return all.toByteArray();
  }

  @Test
  void aComparisonSaysWhetherTheBlocksAreTheSame() throws Exception {
    try (UnitAsBdev unit = openMalloc()) {
      int bytes = 300 << 10; // in three parts
      unit.fill(new byte[bytes]);
      assertThat(unit.run(IoType.COMPARE, 512, bytes)).isEqualTo(IoStatus.SUCCESS);

      RawMemory.putByte(unit.memory.address() + bytes - 1, (byte) 1);

      assertThat(unit.run(IoType.COMPARE, 512, bytes)).isEqualTo(IoStatus.MISCOMPARE);
    }
  }

  @Test
  void flushesAndUnmapsAreDone() throws Exception {
    try (UnitAsBdev unit = openMalloc()) {
      assertThat(unit.run(IoType.FLUSH, 0, 0)).isEqualTo(IoStatus.SUCCESS);
      assertThat(unit.run(IoType.UNMAP, 512, DISK_BYTES - 512)).isEqualTo(IoStatus.SUCCESS);
    }
  }

  @Test
  void moreRequestsThanTheQueueTakesAllComplete() throws Exception {
    try (UnitAsBdev unit = openMalloc()) {
      List<Io> ios = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        Io io = i % 7 == 0 ? unit.io(IoType.FLUSH, 0, 0) : unit.io(IoType.READ, 4096L * i, 4096);
        ios.add(io);
        unit.channel.submit(io);
      }

      unit.until("all are done", () -> ios.stream().allMatch(io -> io.status != null));

      assertThat(ios).allMatch(io -> io.status == IoStatus.SUCCESS);
      assertThat(unit.channel.inFlightCount()).isZero();
    }
  }

  @Test
  void aNewSizeIsSeenWithoutARequest() throws Exception {
    NullBdev disk = addNull(256);
    try (UnitAsBdev unit = new UnitAsBdev(socket, TARGET, LUN)) {
      unit.bdev.follow(unit.reactor, unit.registry);

      host.onControl(() -> {
        disk.resize(1024);
        host.bdevs.resized(disk);
        return true;
      });
      unit.until("the size is followed", () -> unit.bdev.blockCount() == 1024);

      assertThat(unit.resized).isEqualTo(1);
      assertThat(unit.run(IoType.READ, 1023 * 4096, 4096)).isEqualTo(IoStatus.SUCCESS);
    }
  }

  @Test
  void aUnitThatIsRemovedFailsItsRequestsUntilItsBdevIsToo() throws Exception {
    try (UnitAsBdev unit = openMalloc()) {
      unit.bdev.follow(unit.reactor, unit.registry);
      assertThat(unit.run(IoType.READ, 0, 512)).isEqualTo(IoStatus.SUCCESS);

      host.until(() -> host.get("vm").removeLun(TARGET, LUN));
      host.add("vm", TARGET, LUN, "disk"); // another unit, for all that anybody knows
      unit.until("the unit is gone", () -> unit.run(IoType.READ, 0, 512) == IoStatus.IO_ERROR);

      assertThat(unit.run(IoType.READ, 0, 512)).isEqualTo(IoStatus.IO_ERROR);
    }
  }

  @Test
  void aTargetThatEndsFailsWhatComesAfter() throws Exception {
    try (UnitAsBdev unit = openMalloc()) {
      unit.bdev.follow(unit.reactor, unit.registry);

      host.onControl(() -> host.all.delete("vm").toCompletableFuture())
          .get(ScsiHost.SECONDS, TimeUnit.SECONDS);

      assertThat(unit.run(IoType.READ, 0, 512)).isEqualTo(IoStatus.IO_ERROR);
      assertThat(unit.bdev.blockCount()).isEqualTo(ScsiHost.BLOCKS);
    }
  }

  @Test
  void aUnitThatMayOnlyBeReadIsABdevThatTakesNoWrites() throws Exception {
    host.malloc("disk");
    host.onControl(() -> host.get("vm").add(TARGET, LUN, "disk", true));
    try (UnitAsBdev unit = new UnitAsBdev(socket, TARGET, LUN)) {
      assertThat(unit.bdev.properties().writable()).isFalse();
      assertThat(unit.run(IoType.WRITE, 0, 512)).isEqualTo(IoStatus.READ_ONLY);
      assertThat(unit.run(IoType.READ, 0, 512)).isEqualTo(IoStatus.SUCCESS);
    }
  }

  @Test
  void whatCannotBeOpenedSaysWhyInOneLine() throws Exception {
    host.malloc("disk");
    host.add("vm", TARGET, LUN, "disk");

    assertFails(5, 0, 1, "target 5 LUN 0 is not ready: response 3");
    assertFails(TARGET, 7, 1, "target 3 LUN 7 ");
    assertFails(TARGET, LUN, 254, "has 254 request queues; 255 are needed, one of them for");
  }

  private void assertFails(int target, int lun, int queues, String why) {
    assertThatThrownBy(
            () -> VhostUserBdev.openScsi("there", UUID.randomUUID(), socket, target, lun, queues))
        .isInstanceOf(BdevException.class)
        .hasMessageStartingWith("bdev there: " + socket + " ")
        .hasMessageContaining(why);
  }

  @Test
  void aSecondReactorWithoutAQueueIsRefusedInOneLine() throws Exception {
    try (UnitAsBdev unit = openMalloc();
        Reactor other = Reactor.stepped("other")) {
      assertThatThrownBy(() -> unit.opening.openChannel(other))
          .isInstanceOf(BdevException.class)
          .hasMessageContaining("all 1 queues are in use");
    }
  }
}
