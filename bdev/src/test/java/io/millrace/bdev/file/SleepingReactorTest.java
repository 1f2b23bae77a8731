package io.millrace.bdev.file;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.Mapping;
import io.millrace.reactor.Reactor;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The engine on a reactor with a thread of its own: sleeping in between, and allocating nothing.
 */
@ParameterizedClass
@EnumSource(
    value = FileEngineKind.class,
    names = {"IO_URING", "THREADS"})
class SleepingReactorTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Parameter FileEngineKind engine;
  @TempDir Path directory;
  private final BdevRegistry registry = new BdevRegistry();
  private Reactor reactor;
  private Mapping memory;
  private BdevDescriptor descriptor;
  private BdevChannel channel;

  private static final class Nobody implements BdevListener {
    @Override
    public void removed() {}

    @Override
    public void resized() {}
  }

  /** Runs itself again and again until it did so often enough. */
  private final class Loop extends BdevIo {
    private final CountDownLatch end = new CountDownLatch(1);
    private final long address;
    private int left;
    private int failures;

    Loop(long address, int count) {
      super(1);
      this.address = address;
      left = count;
    }

    void next() {
      begin(left % 2 == 0 ? IoType.READ : IoType.WRITE, 4096L * (left % 200), 4096);
      addSegment(address, 4096);
      channel.submit(this);
    }

    @Override
    protected void completed(IoStatus status) {
      failures += status == IoStatus.SUCCESS ? 0 : 1;
      if (--left > 0) {
        next();
      } else {
        end.countDown();
      }
    }
  }

  @BeforeEach
  void start() throws Exception {
    memory = Mapping.anonymous(1 << 20, false);
    reactor = Reactor.start("file-test", -1);
  }

  private void openDisk(boolean direct) throws Exception {
    Path image = directory.resolve("disk.img");
    Files.write(image, new byte[1 << 20]);
    registry.register(
        FileBdev.create(FileBdevOptions.of("disk", image).withDirect(direct).withEngine(engine)));
    descriptor = registry.open("disk", true, new Nobody());
    onReactor(() -> channel = descriptor.openChannel(reactor));
  }

  @AfterEach
  void stop() throws Exception {
    onReactor(() -> descriptor.closeChannel(channel));
    descriptor.close();
    registry.remove("disk");
    reactor.close();
    memory.close();
  }

  private interface Step {
    void run() throws Exception;
  }

  /** Runs on the reactor and waits for it. */
  private void onReactor(Step step) throws Exception {
    SynchronousQueue<String> answer = new SynchronousQueue<>();
    reactor.execute(() -> {
      String result = "done";
      try {
        step.run();
      } catch (Exception e) {
        result = e.toString();
      }
      try {
        answer.offer(result, 10, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
    assertThat(answer.poll(30, TimeUnit.SECONDS)).isEqualTo("done");
  }

  private void run(Loop... loops) throws Exception {
    onReactor(() -> {
      for (Loop loop : loops) {
        loop.next();
      }
    });
    for (Loop loop : loops) {
      assertThat(loop.end.await(60, TimeUnit.SECONDS)).as("requests left: %s", loop.left).isTrue();
      assertThat(loop.failures).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void completionsWakeAReactorThatSleeps(boolean direct) throws Exception {
    openDisk(direct);

    for (int i = 0; i < 300; i++) {
      run(new Loop(memory.address(), 1)); // the reactor has nothing to do in between
    }

    assertThat(channel.statistics().operations(IoType.WRITE)).isEqualTo(300);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void requestsAllocateNothingOnceWarm(boolean direct) throws Exception {
    openDisk(direct);
    Loop[] warmUp = new Loop[16];
    for (int i = 0; i < warmUp.length; i++) {
      warmUp[i] = new Loop(memory.address() + 8192L * i + (i % 2), 4000); // half of them misaligned
    }
    run(warmUp);
    long[] thread = new long[1];
    onReactor(() -> thread[0] = Thread.currentThread().threadId());
    long least = Long.MAX_VALUE;

    for (int round = 0; round < 3; round++) {
      Loop[] loops = new Loop[16];
      for (int i = 0; i < loops.length; i++) {
        loops[i] = new Loop(memory.address() + 8192L * i + (i % 2), 1000);
      }
      long before = THREADS.getThreadAllocatedBytes(thread[0]);
      run(loops);
      least = Math.min(least, THREADS.getThreadAllocatedBytes(thread[0]) - before);
    }

    assertThat(least).as("bytes for 16,000 requests").isLessThan(16_000);
  }

  @Test
  void ringGoesWithTheLastChannel() throws Exception {
    openDisk(false);
    long before = openDescriptors();

    onReactor(() -> descriptor.closeChannel(channel));

    assertThat(openDescriptors()).isLessThan(before);
    onReactor(() -> channel = descriptor.openChannel(reactor));
    assertThat(openDescriptors()).isEqualTo(before);
    run(new Loop(memory.address(), 10));
  }

  private static long openDescriptors() throws Exception {
    try (var names = Files.list(Path.of("/proc/self/fd"))) {
      return names.count();
    }
  }
}
