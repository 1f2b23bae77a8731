package io.millrace.initiator.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.QemuStorageDaemon;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A qemu-storage-daemon's disk as a bdev, on a reactor that the test steps. */
class VhostUserBdevTest {
  private static final int MIB = 1 << 20;
  private static final BdevListener NOBODY =
      new BdevListener() {
        @Override
        public void removed() {
          throw new AssertionError("removed while open");
        }

        @Override
        public void resized() {
          throw new AssertionError("resized");
        }
      };

  @TempDir Path directory;

  private final BdevRegistry registry = new BdevRegistry();
  private final Reactor reactor = Reactor.stepped("test");
  private Mapping memory;

  @BeforeEach
  void map() throws Exception {
    memory = Mapping.anonymous(16 * MIB, false);
  }

  @AfterEach
  void close() {
    reactor.close();
    memory.close();
  }

  @Test
  void propertiesAreTheDisks() throws Exception {
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, 64 * MIB, 1)) {
      VhostUserBdev disk = open(daemon, 1);

      assertThat(disk.sizeBytes()).isEqualTo(64 * MIB);
      assertThat(disk.properties().blockSize()).isEqualTo(512);
      assertThat(disk.supports(IoType.WRITE)).isTrue();
      remove();
    }
  }

  @Test
  void anySegmentsOfAnyRequestsEndUpInTheFile() throws Exception {
    Path image = directory.resolve("disk.img");
    byte[] model = new byte[4 * MIB];
    Files.write(image, model);
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try (QemuStorageDaemon daemon = QemuStorageDaemon.image(directory, image, true, 1)) {
      VhostUserBdev disk = open(daemon, 1);
      BdevDescriptor opening = registry.open("disk", true, NOBODY);
      BdevChannel channel = opening.openChannel(reactor);

      for (int round = 0; round < 60; round++) {
        int bytes = 512 * (1 + random.nextInt(round % 5 == 0 ? 2000 : 16));
        int offset = 512 * random.nextInt((model.length - bytes) / 512 + 1);
        Io io = new Io();
        boolean write = random.nextBoolean();
        io.begin(write ? IoType.WRITE : IoType.READ, offset, bytes);
        byte[] data = new byte[bytes];
        random.nextBytes(data);
        List<long[]> segments = segments(io, bytes, random);
        if (write) {
          scatter(segments, data);
          System.arraycopy(data, 0, model, offset, bytes);
          if (random.nextInt(4) == 0) {
            io.forceUnitAccess();
          }
        }
        channel.submit(io);
        await(io);
        assertThat(io.status).as("seed %d", seed).isEqualTo(IoStatus.SUCCESS);
        assertThat(io.transferredBytes()).isEqualTo(bytes);
        if (!write) {
          byte[] expected = Arrays.copyOfRange(model, offset, offset + bytes);
          assertThat(gather(segments, bytes)).as("seed %d", seed).isEqualTo(expected);
        }
      }

      opening.closeChannel(channel);
      opening.close();
      assertThat(disk.statistics()).isNotNull();
      remove();
    }
    assertThat(Files.readAllBytes(image)).as("seed %d", seed).isEqualTo(model);
  }

  @Test
  void moreRequestsThanTheQueueTakesAllComplete() throws Exception {
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, 64 * MIB, 1)) {
      open(daemon, 1);
      BdevDescriptor opening = registry.open("disk", true, NOBODY);
      BdevChannel channel = opening.openChannel(reactor);
      List<Io> ios = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        Io io = new Io();
        io.begin(i % 7 == 0 ? IoType.FLUSH : IoType.READ, 4096L * i, i % 7 == 0 ? 0 : 4096);
        if (i % 7 != 0) {
          io.addSegment(memory.address() + 4096L * i, 4096);
        }
        ios.add(io);
        channel.submit(io);
      }

      for (Io io : ios) {
        await(io);
        assertThat(io.status).isEqualTo(IoStatus.SUCCESS);
      }

      assertThat(channel.inFlightCount()).isZero();
      opening.closeChannel(channel);
      opening.close();
      remove();
    }
  }

  @Test
  void whatIsZeroedReadsAsZeroesAndTheRestStays() throws Exception {
    Path image = directory.resolve("disk.img");
    byte[] ones = new byte[MIB];
    Arrays.fill(ones, (byte) 1);
    Files.write(image, ones);
    try (QemuStorageDaemon daemon = QemuStorageDaemon.image(directory, image, true, 1)) {
      open(daemon, 1);
      BdevDescriptor opening = registry.open("disk", true, NOBODY);
      BdevChannel channel = opening.openChannel(reactor);
      Io zero = new Io();
      zero.begin(IoType.WRITE_ZEROES, 4096, 8192);

      channel.submit(zero);
      await(zero);

      assertThat(zero.status).isEqualTo(IoStatus.SUCCESS);
      opening.closeChannel(channel);
      opening.close();
      remove();
    }
    Arrays.fill(ones, 4096, 4096 + 8192, (byte) 0);
    assertThat(Files.readAllBytes(image)).isEqualTo(ones);
  }

  @Test
  void processThatDiesFailsWhatItHadAndWhatComesAfter() throws Exception {
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, MIB, 1)) {
      open(daemon, 1);
      BdevDescriptor opening = registry.open("disk", true, NOBODY);
      BdevChannel channel = opening.openChannel(reactor);
      daemon.stopResponding();
      Io stuck = read();
      channel.submit(stuck);
      step();

      daemon.kill();
      await(stuck);
      Io later = read();
      channel.submit(later);

      assertThat(stuck.status).isEqualTo(IoStatus.IO_ERROR);
      assertThat(later.status).isEqualTo(IoStatus.IO_ERROR);
      opening.closeChannel(channel);
      opening.close();
      remove();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"READ", "WRITE"})
  void memoryThatVanishedFailsItsRequestAndTheDiskGoesOn(IoType type) throws Exception {
    List<String> faults = new ArrayList<>();
    reactor.addFaultListener(() -> faults.add("told"));
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, MIB, 1);
        GuestMemory vanishing = GuestMemory.create(MIB, 0, false)) {
      open(daemon, 1);
      BdevDescriptor opening = registry.open("disk", true, NOBODY);
      BdevChannel channel = opening.openChannel(reactor);
      LinuxFiles.truncate(vanishing.file(), 0);
      List<Io> guilty = new ArrayList<>();
      for (int i = 0; i < 100; i++) { // more than the queue takes at once
        Io io = new Io();
        io.begin(type, 0, 4096);
        io.addSegment(vanishing.address(), 4096);
        guilty.add(io);
        channel.submit(io);
      }
      Io innocent = read();
      channel.submit(innocent);

      await(innocent);

      assertThat(innocent.status).isEqualTo(IoStatus.SUCCESS);
      assertThat(guilty).allMatch(io -> io.status == IoStatus.BAD_MEMORY);
      step();
      assertThat(faults).isNotEmpty();
      opening.closeChannel(channel);
      opening.close();
      remove();
    }
  }

  @Test
  void secondReactorWithoutAQueueIsRefusedInOneLine() throws Exception {
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, MIB, 1);
        Reactor other = Reactor.stepped("other")) {
      open(daemon, 1);
      BdevDescriptor opening = registry.open("disk", true, NOBODY);
      BdevChannel channel = opening.openChannel(reactor);

      assertThatThrownBy(() -> opening.openChannel(other))
          .isInstanceOf(BdevException.class)
          .hasMessageContaining("all 1 queues are in use");

      opening.closeChannel(channel);
      opening.closeChannel(opening.openChannel(other));
      opening.close();
      remove();
    }
  }

  @Test
  void socketNobodyListensOnIsToldByTheBdevsName() {
    Path nobody = directory.resolve("nobody.sock");

    assertThatThrownBy(() -> VhostUserBdev.open("disk", UUID.randomUUID(), nobody, 1))
        .isInstanceOf(BdevException.class)
        .hasMessageStartingWith("bdev disk: " + nobody + ": cannot connect");
  }

  private VhostUserBdev open(QemuStorageDaemon daemon, int queues) throws Exception {
    VhostUserBdev disk = VhostUserBdev.open("disk", UUID.randomUUID(), daemon.socket(), queues);
    registry.register(disk);
    return disk;
  }

  private void remove() throws Exception {
    assertThat(registry.remove("disk").toCompletableFuture()).isCompleted();
  }

  private Io read() {
    Io io = new Io();
    io.begin(IoType.READ, 0, 4096);
    io.addSegment(memory.address(), 4096);
    return io;
  }

  private void step() {
    reactor.runOnce(System.nanoTime());
  }

  private void await(Io io) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (io.status == null) {
      assertThat(System.nanoTime()).as("%s completes in time", io).isLessThan(deadline);
      step();
      Thread.onSpinWait();
    }
  }

  /** Splits a request into segments at odd places of this process's memory. */
  private List<long[]> segments(Io io, int bytes, Random random) {
    List<long[]> segments = new ArrayList<>();
    long at = memory.address() + random.nextInt(100);
    for (int left = bytes; left > 0; ) {
      int piece = Math.min(left, 1 + random.nextInt(100_000));
      io.addSegment(at, piece);
      segments.add(new long[] {at, piece});
      at += piece + random.nextInt(100);
      left -= piece;
    }
    return segments;
  }

  private static void scatter(List<long[]> segments, byte[] data) {
    int from = 0;
    for (long[] segment : segments) {
      RawMemory.put(data, from, (int) segment[1], segment[0]);
      from += (int) segment[1];
    }
  }

  private static byte[] gather(List<long[]> segments, int bytes) {
    byte[] data = new byte[bytes];
    int to = 0;
    for (long[] segment : segments) {
      RawMemory.get(segment[0], data, to, (int) segment[1]);
      to += (int) segment[1];
    }
    return data;
  }

  private static final class Io extends BdevIo {
    @Nullable IoStatus status;

    Io() {
      super(4);
    }

    @Override
    protected void completed(IoStatus how) {
      status = how;
    }
  }
}
