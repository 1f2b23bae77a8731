package io.millrace.nvme.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;
import io.millrace.linux.OpenFlag;
import io.millrace.linux.RawMemory;
import io.millrace.nvme.NvmeCommand;
import io.millrace.nvme.NvmeCommands;
import io.millrace.nvme.NvmeCommands.ZoneAction;
import io.millrace.nvme.NvmeController;
import io.millrace.nvme.NvmeController.State;
import io.millrace.nvme.NvmeResult;
import io.millrace.nvme.qtest.EmulatedMachine;
import io.millrace.nvme.qtest.QtestPciDevice;
import io.millrace.reactor.Reactor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The driver and its disks on QEMU's NVMe controllers. */
class NvmeOnQemuTest {
  private static final int MEMORY = 8 << 20;
  private static final long SECONDS = 60;
  private static final String BLOCKS_OF_4096 = "logical_block_size=4096,physical_block_size=4096";

  @TempDir Path directory;

  private final Reactor control = Reactor.start("control", -1);
  private final Reactor polling = Reactor.start("polling", -1);
  private final BdevRegistry bdevs = new BdevRegistry();
  private final NvmeModule module =
      new NvmeModule(
          bdevs,
          control,
          address -> QtestPciDevice.open(directory, address.isEmpty() ? null : address));

  @AfterEach
  void end() throws Exception {
    DiskUser.on(control, () -> module.close()).toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
    polling.close();
    control.close();
  }

  private AttachedController attach(EmulatedMachine qemu, String name, String address)
      throws Exception {
    assertThat(qemu.directory()).isEqualTo(directory);
    return DiskUser.on(control, () -> module.attach(name, address, 16))
        .toCompletableFuture()
        .get(SECONDS, TimeUnit.SECONDS);
  }

  private DiskUser user(String disk, Mapping memory) throws Exception {
    return new DiskUser(bdevs, control, polling, disk, memory, false);
  }

  @Test
  void whatIsWrittenIsReadBackAtEveryDepthAndInEveryFormat() throws Exception {
    try (EmulatedMachine qemu =
            EmulatedMachine.in(directory)
                .nvme("n0", 64 << 20, ",mdts=2,max_ioqpairs=2")
                .image("big", 64 << 20)
                .arguments("-device", "nvme-ns,drive=big-image,bus=n0," + BLOCKS_OF_4096)
                .image("pi", 16 << 20)
                .arguments("-device", "nvme-ns,drive=pi-image,bus=n0,ms=8,pi=1," + BLOCKS_OF_4096)
                .nvme("n1", 64 << 20)
                .start();
        Mapping memory = Mapping.anonymous(MEMORY, false)) {
      AttachedController two = attach(qemu, "Nvme0", "");
      attach(qemu, "Nvme1", second(qemu));
      assertThat(two.disks())
          .extracting(disk -> disk.properties().blockSize())
          .containsExactly(512, 4096, 4096);
      assertThat(two.disks().get(2).namespace().protection()).isEqualTo(1);

      for (String disk : List.of("Nvme0n1", "Nvme0n2", "Nvme0n3", "Nvme1n1")) {
        try (DiskUser user = user(disk, memory)) {
          for (int depth : new int[] {1, 32, 300}) {
            writeAndReadBack(user, depth, 4096);
          }
          writeAndReadBack(user, 4, 512 << 10); // as many commands of 16 KiB
          othersThanReadAndWrite(user);
        }
      }
    }
  }

  private static void othersThanReadAndWrite(DiskUser user) throws Exception {
    long at = user.address();
    user.fill(at, 8192, 77);
    assertThat(user.run(IoType.WRITE, 8192, 8192, at)).isEqualTo(IoStatus.SUCCESS);
    assertThat(user.run(IoType.FLUSH, 0, 0, 0)).isEqualTo(IoStatus.SUCCESS);
    boolean compares = user.disk().namespace().protection() == 0;
    assertThat(user.run(IoType.COMPARE, 8192, 8192, at))
        .isEqualTo(compares ? IoStatus.SUCCESS : IoStatus.UNSUPPORTED);
    RawMemory.putByte(at + 5000, (byte) ~RawMemory.getByte(at + 5000));
    assertThat(user.run(IoType.COMPARE, 8192, 8192, at))
        .isEqualTo(compares ? IoStatus.MISCOMPARE : IoStatus.UNSUPPORTED);
    assertThat(user.run(IoType.WRITE_ZEROES, 8192, 4096, 0)).isEqualTo(IoStatus.SUCCESS);
    assertThat(user.run(IoType.READ, 8192, 4096, at)).isEqualTo(IoStatus.SUCCESS);
    assertThat(DiskUser.bytes(at, 4096)).containsOnly(0);
    assertThat(user.run(IoType.UNMAP, 0, 1 << 20, 0)).isEqualTo(IoStatus.SUCCESS);
    assertThat(user.run(IoType.READ, user.disk().sizeBytes(), 4096, at))
        .isEqualTo(IoStatus.OUT_OF_RANGE);
  }

  @Test
  void dataGoesStraightToMemoryThatTheControllerReaches() throws Exception {
    Path guest = directory.resolve("guest");
    try (EmulatedMachine qemu =
            EmulatedMachine.in(directory).guestMemory(guest, MEMORY).nvme("n0", 64 << 20).start();
        FileDescriptor file = LinuxFiles.open(guest, OpenFlag.READ_WRITE);
        Mapping memory = Mapping.map(file, 0, MEMORY, true)) {
      attach(qemu, "Nvme0", "");

      try (DiskUser user = new DiskUser(bdevs, control, polling, "Nvme0n1", memory, true)) {
        writeAndReadBack(user, 100, 4096);
        writeInPieces(user);
        assertThat(user.disk().bouncedBytes()).isZero();
      }
    }
  }

  /** Pieces that begin and end amid pages: no PRP list can say that. */
  private static void writeInPieces(DiskUser user) throws Exception {
    long at = user.address();
    user.fill(at, 64 << 10, 5);
    assertThat(
            user.submit(
                    IoType.WRITE,
                    1 << 20,
                    4096,
                    io -> {
                      io.addSegment(at + 512, 1024);
                      io.addSegment(at + 5000, 1000);
                      io.addSegment(at + 9000, 2072);
                    })
                .get(SECONDS, TimeUnit.SECONDS))
        .isEqualTo(IoStatus.SUCCESS);
    assertThat(user.run(IoType.READ, 1 << 20, 4096, at + (128 << 10))).isEqualTo(IoStatus.SUCCESS);
    byte[] read = DiskUser.bytes(at + (128 << 10), 4096);
    assertThat(Arrays.copyOfRange(read, 0, 1024)).isEqualTo(DiskUser.bytes(at + 512, 1024));
    assertThat(Arrays.copyOfRange(read, 1024, 2024)).isEqualTo(DiskUser.bytes(at + 5000, 1000));
    assertThat(Arrays.copyOfRange(read, 2024, 4096)).isEqualTo(DiskUser.bytes(at + 9000, 2072));
  }

  @Test
  void zonesAreAppendedToReportedAndReset() throws Exception {
    try (EmulatedMachine qemu =
            EmulatedMachine.in(directory)
                .nvme("n0", 16 << 20, ",zoned.zasl=5")
                .image("zones", 64 << 20)
                .arguments(
                    "-device",
                    "nvme-ns,drive=zones-image,bus=n0,zoned=on,zoned.zone_size=4M,"
                        + BLOCKS_OF_4096)
                .start();
        Mapping memory = Mapping.anonymous(MEMORY, false)) {
      AttachedController attached = attach(qemu, "Nvme0", "");
      NvmeController controller = attached.controller();

      try (DiskUser user = user("Nvme0n2", memory)) {
        assertThat(user.disk().namespace().zoneBlocks()).isEqualTo(1024);
        assertThat(append(user, 4 << 20)).isEqualTo(4 << 20);
        assertThat(append(user, 4 << 20)).isEqualTo((4 << 20) + 8192);
        assertThat(user.run(IoType.WRITE, 0, 4096, user.address())).isEqualTo(IoStatus.SUCCESS);
        assertThat(user.run(IoType.WRITE, 0, 4096, user.address())).isEqualTo(IoStatus.IO_ERROR);

        assertThat(writePointer(controller)).isEqualTo(1024 + 4);
        assertThat(io(controller, NvmeCommands.zone(2, 1024, ZoneAction.RESET, false)).status())
            .isZero();
        assertThat(writePointer(controller)).isEqualTo(1024);
      }
    }
  }

  /** Appends two blocks; answers where they went. */
  private static long append(DiskUser user, long zone) throws Exception {
    long[] where = new long[1];
    assertThat(
            user.submit(
                    IoType.ZONE_APPEND,
                    zone,
                    8192,
                    io -> io.addSegment(user.address(), 8192),
                    io -> where[0] = io.appendedOffsetBytes())
                .get(SECONDS, TimeUnit.SECONDS))
        .isEqualTo(IoStatus.SUCCESS);
    return where[0];
  }

  /** The write pointer of the namespace's second zone, as it reports it. */
  private static long writePointer(NvmeController controller) throws Exception {
    byte[] report = io(controller, NvmeCommands.zoneReport(2, 0, 4096)).data();
    return ByteBuffer.wrap(report).order(ByteOrder.LITTLE_ENDIAN).getLong(64 + 64 + 24);
  }

  private static NvmeResult io(NvmeController controller, NvmeCommand command) throws Exception {
    return controller.io(command).toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void aSectorThatCannotBeReadFailsAlone() throws Exception {
    try (EmulatedMachine qemu =
            EmulatedMachine.in(directory)
                .nvme("n0", 16 << 20)
                .image("bad", 16 << 20)
                .arguments(
                    "-blockdev",
                    """
                    {"driver":"blkdebug","node-name":"bd","image":{"driver":"file",\
                    "filename":"%s"},"inject-error":[{"event":"none","sector":80,"errno":5,\
                    "iotype":"read"}]}\
                    """
                        .formatted(directory.resolve("bad-image")))
                .arguments("-device", "nvme-ns,drive=bd,bus=n0")
                .start();
        Mapping memory = Mapping.anonymous(MEMORY, false)) {
      attach(qemu, "Nvme0", "");

      try (DiskUser user = user("Nvme0n2", memory)) {
        assertThat(user.run(IoType.WRITE, 80 * 512, 512, user.address()))
            .isEqualTo(IoStatus.SUCCESS);
        assertThat(user.run(IoType.READ, 80 * 512, 512, user.address()))
            .isEqualTo(IoStatus.IO_ERROR);
        assertThat(user.run(IoType.READ, 81 * 512, 512, user.address()))
            .isEqualTo(IoStatus.SUCCESS);
      }
    }
  }

  @Test
  void aDriveThatIsPulledOutIsRemoved() throws Exception {
    try (EmulatedMachine qemu =
            EmulatedMachine.in(directory).machine("pc").nvme("n0", 16 << 20).start();
        Mapping memory = Mapping.anonymous(MEMORY, false)) {
      attach(qemu, "Nvme0", "");
      try (DiskUser user = user("Nvme0n1", memory)) {
        qemu.unplug("n0");

        assertThat(user.removed.get(SECONDS, TimeUnit.SECONDS)).isEqualTo("Nvme0n1");
        assertThat(user.run(IoType.READ, 0, 4096, user.address())).isEqualTo(IoStatus.IO_ERROR);
      }
      assertThat(DiskUser.on(control, module::all)).isEmpty();
    }
  }

  @Test
  void resetsUnderLoadLoseNothing() throws Exception {
    try (EmulatedMachine qemu = EmulatedMachine.in(directory).nvme("n0", 64 << 20).start();
        Mapping memory = Mapping.anonymous(MEMORY, false)) {
      AttachedController attached = attach(qemu, "Nvme0", "");
      try (DiskUser user = user("Nvme0n1", memory)) {
        for (int round = 0; round < 10; round++) {
          CompletionStage<?> reset = attached.controller().reset();
          writeAndReadBack(user, 200, 4096);
          reset.toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
        }
        assertThat(attached.controller().state()).isEqualTo(State.LIVE);
      }
    }
  }

  /** The address of the machine's second controller. */
  private static String second(EmulatedMachine qemu) throws Exception {
    Matcher found =
        Pattern.compile("dev: nvme, id \"n1\".*?addr = ([0-9a-f]+)\\.([0-9a-f])", Pattern.DOTALL)
            .matcher(qemu.monitor("info qtree"));
    assertThat(found.find()).isTrue();
    return "00:%s.%s".formatted(found.group(1), found.group(2));
  }

  private static void writeAndReadBack(DiskUser user, int depth, int bytes) throws Exception {
    List<CompletableFuture<IoStatus>> all = new ArrayList<>();
    for (int i = 0; i < depth; i++) {
      user.fill(user.address() + (long) i * bytes, bytes, depth * 1000 + i);
      all.add(
          user.submit(
              IoType.WRITE, (long) i * 3 * bytes, bytes, user.address() + (long) i * bytes));
    }
    for (CompletableFuture<IoStatus> one : all) {
      assertThat(one.get(SECONDS, TimeUnit.SECONDS)).isEqualTo(IoStatus.SUCCESS);
    }
    byte[] written = DiskUser.bytes(user.address(), depth * bytes);
    RawMemory.fill(user.address(), (long) depth * bytes, (byte) 0);
    all.clear();
    for (int i = 0; i < depth; i++) {
      all.add(
          user.submit(IoType.READ, (long) i * 3 * bytes, bytes, user.address() + (long) i * bytes));
    }
    for (CompletableFuture<IoStatus> one : all) {
      assertThat(one.get(SECONDS, TimeUnit.SECONDS)).isEqualTo(IoStatus.SUCCESS);
    }
    assertThat(DiskUser.bytes(user.address(), depth * bytes)).isEqualTo(written);
  }
}
