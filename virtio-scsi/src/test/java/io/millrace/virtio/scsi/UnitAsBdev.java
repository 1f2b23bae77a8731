package io.millrace.virtio.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.initiator.bdev.VhostUserBdev;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A logical unit of a target of ours as somebody else's bdev, on a reactor that the test steps. */
final class UnitAsBdev implements AutoCloseable {
  static final String NAME = "there";
  static final int MEMORY_BYTES = 4 << 20;

  final BdevRegistry registry = new BdevRegistry();
  final Reactor reactor = Reactor.stepped("initiator");
  final Mapping memory = Mapping.anonymous(MEMORY_BYTES, false);
  final VhostUserBdev bdev;
  final BdevDescriptor opening;
  final BdevChannel channel;
  int resized;

  /** A request. */
  static final class Io extends BdevIo {
    @Nullable IoStatus status;

    Io() {
      super(4);
    }

    @Override
    protected void completed(IoStatus how) {
      status = how;
    }
  }

  UnitAsBdev(Path socket, int target, int lun) throws Exception {
    bdev = VhostUserBdev.openScsi(NAME, UUID.randomUUID(), socket, target, lun, 1);
    registry.register(bdev);
    opening =
        registry.open(
            NAME,
            bdev.properties().writable(),
            new BdevListener() {
              @Override
              public void removed() {
                throw new AssertionError("removed while open");
              }

              @Override
              public void resized() {
                resized++;
              }
            });
    channel = opening.openChannel(reactor);
  }

  /** A request about a range, its data at the memory's start. */
  Io io(IoType type, long offset, int length) {
    Io io = new Io();
    io.begin(type, offset, length);
    if (type == IoType.READ || type == IoType.WRITE || type == IoType.COMPARE) {
      io.addSegment(memory.address(), length);
    }
    return io;
  }

  /** Submits it and waits for its end. */
  IoStatus run(Io io) {
    channel.submit(io);
    until("the request is done", () -> io.status != null);
    return Objects.requireNonNull(io.status);
  }

  IoStatus run(IoType type, long offset, int length) {
    return run(io(type, offset, length));
  }

  /** Steps the reactor until something holds. */
  void until(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ScsiHost.SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("not in time: " + what);
      }
      reactor.runOnce(System.nanoTime());
      Thread.onSpinWait();
    }
  }

  void fill(byte[] data) {
    RawMemory.put(data, 0, data.length, memory.address());
  }

  byte[] data(int bytes) {
    byte[] data = new byte[bytes];
    RawMemory.get(memory.address(), data, 0, bytes);
    return data;
  }

  @Override
  public void close() throws BdevException {
    opening.closeChannel(channel);
    opening.close();
    assertThat(registry.remove(NAME).toCompletableFuture()).isCompleted();
    reactor.close();
    memory.close();
  }
}
