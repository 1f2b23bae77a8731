package io.millrace.benchmarks;

import io.millrace.bdev.BdevException;
import io.millrace.linux.LinuxException;
import io.millrace.virtqueue.RingFormat;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a request costs without a second core: driver side, ring, device side and a null disk, all
 * in one thread and one cache. Nanoseconds a request.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgs = {
      "-XX:+UseSerialGC",
      "--enable-native-access=ALL-UNNAMED",
      "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED"
    })
public class RingRoundTrip {
  private static final int REQUESTS = 32; // per invocation, whatever the depth

  /** Requests that are offered, served and taken back together; a divisor of 32. */
  @Param({"1", "32"})
  public int depth;

  /** Format of the ring. */
  @Param({"SPLIT", "PACKED"})
  public RingFormat format = RingFormat.SPLIT;

  private @Nullable RingRig rig;

  /** JMH makes one for each thread. */
  public RingRoundTrip() {}

  /** Makes the ring and its disk. */
  @Setup(Level.Trial)
  public void open() throws BdevException, LinuxException {
    rig = new RingRig(format, depth);
  }

  /** Unmaps the ring. */
  @TearDown(Level.Trial)
  public void close() {
    Objects.requireNonNull(rig).close();
  }

  /** 32 requests, {@link #depth} at a time. */
  @Benchmark
  @OperationsPerInvocation(REQUESTS)
  public int roundTrip() {
    RingRig ring = Objects.requireNonNull(rig);
    int served = 0;
    for (int i = 0; i < REQUESTS; i += depth) {
      served += ring.roundTrip();
    }
    return served;
  }
}
