package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * A bdev on a stepped reactor, with memory for its requests: what {@link BdevContract} works on.
 */
abstract class BdevUnderTest {
  static final int BLOCK = 512;
  static final int BLOCKS = 256;
  static final int SIZE = BLOCK * BLOCKS; // bytes

  static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(20);

  final Reactor reactor = Reactor.stepped("contract");
  final BdevRegistry registry = new BdevRegistry();
  Bdev bdev;
  BdevChannel channel;
  BdevDescriptor opening;
  private Mapping memory;
  long now;

  /** A writable bdev of {@link #BLOCKS} blocks of {@link #BLOCK} bytes that reads as zeroes. */
  abstract Bdev newBdev(String name) throws Exception;

  /** What it is called; a module that names its bdevs itself says how. */
  String name() {
    return "under-test";
  }

  /** Whether it gives back what was written; a null disk does not. */
  boolean keepsData() {
    return true;
  }

  @BeforeEach
  void open() throws Exception {
    bdev = newBdev(name());
    registry.register(bdev);
    opening = registry.open(bdev.name(), true, new NoListener());
    channel = opening.openChannel(reactor);
    memory = Mapping.anonymous(SIZE * 2L, false);
  }

  @AfterEach
  void close() throws Exception {
    assertThat(channel.inFlightCount()).as("requests still in flight").isZero();
    opening.closeChannel(channel);
    opening.close();
    assertThat(registry.removeAll().toCompletableFuture()).isDone(); // what is below, too
    assertThat(registry.all()).isEmpty();
    reactor.close();
    memory.close();
  }

  private static final class NoListener implements BdevListener {
    @Override
    public void removed() {}

    @Override
    public void resized() {}
  }

  /** A place in the memory that requests point at. */
  final long at(int offset) {
    return memory.address() + offset;
  }

  final TestIo io(IoType type, long offsetBytes, long lengthBytes) {
    TestIo io = TestIo.of(type, offsetBytes, lengthBytes);
    boolean carriesData = type == IoType.READ || type == IoType.WRITE || type == IoType.COMPARE;
    if (carriesData && lengthBytes > 0 && lengthBytes <= SIZE) {
      io.addSegment(at(0), (int) lengthBytes);
    }
    return io;
  }

  final void finish(TestIo io) {
    long end = System.nanoTime() + DEADLINE_NANOS;
    while (!io.isDone()) {
      now += 10_000;
      reactor.runOnce(now);
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("waited 20 s for " + io);
      }
      if (!io.isDone()) {
        LockSupport.parkNanos(50_000);
      }
    }
  }

  final IoStatus run(TestIo io) {
    channel.submit(io);
    finish(io);
    assertThat(io.statuses).as("completions of %s", io).hasSize(1);
    return io.statuses.getFirst();
  }

  final IoStatus run(IoType type, long offsetBytes, long lengthBytes) {
    return run(io(type, offsetBytes, lengthBytes));
  }

  final void write(int offset, byte[] data) {
    RawMemory.put(data, 0, data.length, at(0));
    assertThat(run(IoType.WRITE, offset, data.length)).isEqualTo(IoStatus.SUCCESS);
  }

  final byte[] read(int offset, int length) {
    RawMemory.fill(at(0), length, (byte) 0xee);
    assertThat(run(IoType.READ, offset, length)).isEqualTo(IoStatus.SUCCESS);
    byte[] data = new byte[length];
    RawMemory.get(at(0), data, 0, length);
    return data;
  }

  static byte[] noise(long seed, int length) {
    byte[] data = new byte[length];
    new Random(seed).nextBytes(data);
    return data;
  }

  static Stream<IoType> rangeTypes() {
    return Stream.of(IoType.READ, IoType.WRITE, IoType.UNMAP, IoType.WRITE_ZEROES);
  }

  final void assumeSupported(IoType type) {
    assumeTrue(bdev.supports(type), () -> bdev + " does no " + type);
  }

  final void assumeKept() {
    assumeTrue(keepsData(), () -> bdev + " forgets");
  }
}
