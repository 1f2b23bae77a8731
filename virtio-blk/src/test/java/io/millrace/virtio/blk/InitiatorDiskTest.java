package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.NullBdev;
import io.millrace.initiator.bdev.VhostUserBdev;
import io.millrace.linux.Mapping;
import io.millrace.reactor.Reactor;
import io.millrace.virtio.blk.RecordingBdev.Asked;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk of ours as a bdev of somebody else: what is asked there arrives here, and sizes back. */
@Timeout(60)
class InitiatorDiskTest {
  private BlkTarget target;
  private final BdevRegistry registry = new BdevRegistry();
  private final Reactor reactor = Reactor.stepped("initiator");
  private final Listener listener = new Listener();
  private Mapping memory;
  private @Nullable BdevDescriptor opening;
  private @Nullable BdevChannel channel;

  private static final class Listener implements BdevListener {
    int resized;

    @Override
    public void removed() {
      throw new AssertionError("removed while open");
    }

    @Override
    public void resized() {
      resized++;
    }
  }

  private static final class Io extends BdevIo {
    @Nullable IoStatus status;

    Io() {
      super(1);
    }

    @Override
    protected void completed(IoStatus how) {
      status = how;
    }
  }

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(1);
    memory = Mapping.anonymous(1 << 20, false);
  }

  @AfterEach
  void stop() throws Exception {
    opening.closeChannel(channel);
    opening.close();
    registry.remove("there");
    reactor.close();
    memory.close();
    target.close();
  }

  private VhostUserBdev open(Path socket) throws Exception {
    VhostUserBdev bdev = VhostUserBdev.open("there", UUID.randomUUID(), socket, 1);
    registry.register(bdev);
    opening = registry.open("there", true, listener);
    channel = opening.openChannel(reactor);
    return bdev;
  }

  private static Io io(IoType type, long offset, long length) {
    Io io = new Io();
    io.begin(type, offset, length);
    return io;
  }

  private IoStatus run(Io io) {
    channel.submit(io);
    BlkTarget.await(
        "the request is done",
        () -> {
          reactor.runOnce(System.nanoTime());
          return io.status != null;
        });
    return io.status;
  }

  @Test
  void anUnmapBeyondTheLimitOfARangeGoesInManyAndMissesNothing() throws Exception {
    int most = 256 * 512;
    RecordingBdev disk =
        RecordingBdev.of(
            BdevLimits.NONE.withUnmap(most, 4096),
            EnumSet.of(IoType.READ, IoType.WRITE, IoType.UNMAP, IoType.WRITE_ZEROES));
    VhostUserBdev bdev = open(target.serve(disk, false, null));
    assertThat(bdev.properties().limits().unmapGranularity()).isEqualTo(4096);

    assertThat(run(io(IoType.UNMAP, 512, disk.sizeBytes() - 512))).isEqualTo(IoStatus.SUCCESS);

    assertThat(disk.asked).hasSize(128); // two requests of 64 ranges
    long at = 512;
    for (Asked asked : disk.asked) {
      assertThat(asked.type()).isEqualTo(IoType.UNMAP);
      assertThat(asked.offset()).isEqualTo(at);
      at += asked.length();
    }
    assertThat(at).isEqualTo(disk.sizeBytes());
  }

  @Test
  void zeroesKeepTheirLeaveToUnmap() throws Exception {
    RecordingBdev disk = RecordingBdev.withCache(true);
    open(target.serve(disk, false, null));
    Io plain = io(IoType.WRITE_ZEROES, 4096, 8192);
    Io unmapping = io(IoType.WRITE_ZEROES, 0, 4096);
    unmapping.allowUnmap();

    assertThat(run(plain)).isEqualTo(IoStatus.SUCCESS);
    assertThat(run(unmapping)).isEqualTo(IoStatus.SUCCESS);

    assertThat(disk.asked)
        .containsExactly(
            new Asked(IoType.WRITE_ZEROES, 4096, 8192, false, false),
            new Asked(IoType.WRITE_ZEROES, 0, 4096, false, true));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDurableWriteIsFollowedByAFlushOnlyWhereThereIsACache(boolean cached) throws Exception {
    RecordingBdev disk = RecordingBdev.withCache(cached);
    VhostUserBdev bdev = open(target.serve(disk, false, null));
    Io write = io(IoType.WRITE, 0, 512);
    write.addSegment(memory.address(), 512);
    write.forceUnitAccess();

    assertThat(run(write)).isEqualTo(IoStatus.SUCCESS);

    assertThat(bdev.properties().volatileCache()).isEqualTo(cached);
    assertThat(disk.asked.getFirst()).isEqualTo(new Asked(IoType.WRITE, 0, 512, !cached, false));
    assertThat(disk.asked).hasSize(cached ? 2 : 1);
  }

  @Test
  void aNewSizeIsSeenWhileRequestsRun() throws Exception {
    NullBdev disk = new NullBdev("disk", UUID.randomUUID(), 4096, 4096, 256);
    VhostUserBdev bdev = open(target.serve(disk, false, null));
    bdev.follow(reactor, registry);
    assertThat(bdev.blockCount()).isEqualTo(256);

    target.onControl(() -> {
      disk.resize(1024);
      target.bdevs.resized(disk);
      return null;
    });
    BlkTarget.await(
        "the size is followed",
        () -> {
          Io read = io(IoType.READ, 0, 4096);
          read.addSegment(memory.address(), 4096);
          assertThat(run(read)).isEqualTo(IoStatus.SUCCESS);
          return bdev.blockCount() == 1024;
        });

    assertThat(listener.resized).isEqualTo(1);
    assertThat(bdev.properties().blockSize()).isEqualTo(4096);
  }

  @Test
  void aTargetThatEndsFailsRequestsAndLeavesTheSize() throws Exception {
    NullBdev disk = new NullBdev("disk", UUID.randomUUID(), 512, 512, 256);
    VhostUserBdev bdev = open(target.serve(disk, false, null));
    bdev.follow(reactor, registry);

    target
        .onControl(() -> target.controllers.delete("disk").toCompletableFuture())
        .get(20, TimeUnit.SECONDS);

    Io read = io(IoType.READ, 0, 512);
    read.addSegment(memory.address(), 512);
    assertThat(run(read)).isEqualTo(IoStatus.IO_ERROR);
    assertThat(bdev.blockCount()).isEqualTo(256);
  }
}
