package io.millrace.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;

/** A file bdev on a reactor stepped by the test's thread, with memory for its requests. */
final class FileDisk implements AutoCloseable {
  private static final long DEADLINE_NANOS = 30_000_000_000L;
  private static final BdevListener NOBODY =
      new BdevListener() {
        @Override
        public void removed() {}

        @Override
        public void resized() {}
      };

  final FileBdev bdev;
  final Reactor reactor = Reactor.stepped("test");
  final Mapping memory;
  BdevChannel channel;
  final BdevRegistry registry = new BdevRegistry();
  private final BdevDescriptor descriptor;
  private long stoppedAt; // of the reactor's clock, 0 while it runs

  FileDisk(FileBdevOptions options) throws BdevException, LinuxException {
    bdev = FileBdev.create(options);
    memory = Mapping.anonymous(64 << 20, false);
    registry.register(bdev);
    descriptor = registry.open(bdev.name(), !options.readOnly(), NOBODY);
    channel = descriptor.openChannel(reactor);
  }

  void closeChannel() {
    descriptor.closeChannel(channel);
  }

  void openChannel() throws BdevException {
    channel = descriptor.openChannel(reactor);
  }

  /** Address {@code offset} bytes into the memory. */
  long at(long offset) {
    return memory.address() + offset;
  }

  TestIo prepare(IoType type, long offset, long length) {
    TestIo io = new TestIo();
    io.begin(type, offset, length);
    return io;
  }

  /** A read or write of one segment, {@code memoryOffset} bytes into the memory. */
  TestIo transfer(IoType type, long offset, int length, long memoryOffset) {
    TestIo io = prepare(type, offset, length);
    io.addSegment(at(memoryOffset), length);
    return io;
  }

  /** Submits and runs the reactor until it is done. */
  IoStatus run(TestIo io) {
    channel.submit(io);
    await(io);
    return io.status();
  }

  IoStatus write(long offset, byte[] data) {
    RawMemory.put(data, 0, data.length, at(0));
    return run(transfer(IoType.WRITE, offset, data.length, 0));
  }

  byte[] read(long offset, int length) {
    assertThat(run(transfer(IoType.READ, offset, length, 0))).isEqualTo(IoStatus.SUCCESS);
    byte[] data = new byte[length];
    RawMemory.get(at(0), data, 0, length);
    return data;
  }

  IoStatus flush() {
    return run(prepare(IoType.FLUSH, 0, 0));
  }

  void await(TestIo... requests) {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    for (TestIo io : requests) {
      while (!io.isDone()) {
        assertThat(System.nanoTime()).as("completion of " + io).isLessThan(deadline);
        step();
      }
      assertThat(io.completions()).isEqualTo(1);
    }
  }

  void step() {
    reactor.runOnce(stoppedAt != 0 ? stoppedAt : System.nanoTime());
  }

  /** No alarm goes off any more. */
  void stopClock() {
    stoppedAt = reactor.nanoTime();
  }

  Bdev bdev() {
    return bdev;
  }

  @Override
  public void close() {
    assertThat(channel.inFlightCount()).isZero();
    descriptor.closeChannel(channel);
    descriptor.close();
    try {
      registry.remove(bdev.name());
    } catch (BdevException e) {
      throw new AssertionError(e);
    }
    reactor.close();
    memory.close();
  }
}
