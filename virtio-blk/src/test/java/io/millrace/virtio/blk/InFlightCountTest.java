package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.DeviceStatistics;
import io.millrace.vhost.user.server.SessionInfo;
import io.millrace.vhost.user.server.StallWatch;
import io.millrace.vhost.user.server.VhostServer;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The control thread counts requests of a queue that another thread works on. */
@Timeout(60)
class InFlightCountTest {
  @TempDir private Path folder;

  @Test
  void requestsInFlightAreCountedWithoutTouchingTheReactorsQueue() throws Exception {
    Path path = folder.resolve("holding.sock");
    try (Reactor control = Reactor.start("control", -1);
        Reactor polling = Reactor.start("polling", -1)) {
      HoldingDevice device = new HoldingDevice(polling);
      VhostServer server =
          on(
              control,
              () ->
                  new VhostServer(
                      VhostSocket.listen(path, null),
                      device,
                      control,
                      List.of(polling),
                      new StallWatch(control, List.of(polling)),
                      new DeviceStatistics("test"),
                      false));
      try (RawRing ring = new RawRing(path, true, VirtioFeature.VERSION_1)) {
        ring.validRead(0, 1);
        ring.offer(0);

        BlkTarget.await("one request is in flight", () -> inFlight(control, server) == 1);

        assertThat(device.countedBy).containsExactly(on(polling, Thread::currentThread));
      }
      BlkTarget.await("its session has ended", () -> inFlight(control, server) == 0);
      CompletableFuture<Boolean> closed = new CompletableFuture<>();
      control.execute(() -> server.close(() -> closed.complete(true)));
      assertThat(closed.get(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static int inFlight(Reactor control, VhostServer server) {
    try {
      return on(control, server::sessions).stream().mapToInt(SessionInfo::inFlight).sum();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static <T> T on(Reactor reactor, Callable<T> action) throws Exception {
    CompletableFuture<T> result = new CompletableFuture<>();
    reactor.execute(() -> {
      try {
        result.complete(action.call());
      } catch (Exception e) {
        result.completeExceptionally(e);
      }
    });
    return result.get(20, TimeUnit.SECONDS);
  }

  /** Keeps what it takes until its queue is abandoned, and notes who asks how much that is. */
  private static final class HoldingDevice extends IdleDevice {
    final Set<Thread> countedBy = ConcurrentHashMap.newKeySet();
    private int held; // the reactor's

    HoldingDevice(Reactor reactor) {
      super(reactor, new CompletableFuture<>());
    }

    @Override
    public long take(DescriptorChain chain) {
      held++;
      return 0;
    }

    @Override
    public int outstanding() {
      countedBy.add(Thread.currentThread());
      return held;
    }

    @Override
    public void cancelAll() {
      held = 0;
    }
  }
}
