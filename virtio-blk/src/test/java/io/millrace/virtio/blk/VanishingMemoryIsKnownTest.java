package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.Frontend;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.FrontendQueue;
import io.millrace.initiator.GuestMemory;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.DeviceStatistics;
import io.millrace.vhost.user.server.QueueContext;
import io.millrace.vhost.user.server.StallWatch;
import io.millrace.vhost.user.server.VhostServer;
import io.millrace.virtqueue.VringLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A ring that runs learns that memory which came later can be truncated. */
@Timeout(60)
class VanishingMemoryIsKnownTest {
  @TempDir private Path folder;

  @Test
  void whenItIsAddedToARingThatRunsInSealedMemory() throws Exception {
    CompletableFuture<QueueContext> queue = new CompletableFuture<>();
    Path path = folder.resolve("idle.sock");
    try (Reactor reactor = Reactor.start("all", -1)) {
      CompletableFuture<VhostServer> server = new CompletableFuture<>();
      VhostSocket socket = VhostSocket.listen(path, null);
      reactor.execute(() -> {
        try {
          server.complete(
              new VhostServer(
                  socket,
                  new IdleDevice(reactor, queue),
                  reactor,
                  List.of(reactor),
                  new StallWatch(reactor, List.of(reactor)),
                  new DeviceStatistics("test"),
                  false));
        } catch (Exception e) {
          server.completeExceptionally(e);
        }
      });
      try (GuestMemory sealed = GuestMemory.create(1 << 20);
          GuestMemory later = GuestMemory.create(1 << 20, 1L << 40, false);
          Frontend frontend = Frontend.connect(path, FrontendOptions.defaults())) {
        frontend.setFeatures(0);
        frontend.shareMemory(List.of(sealed));
        long ring = sealed.address();
        try (FrontendQueue started =
            frontend.startQueue(0, new VringLayout(16, ring, ring + 1024, ring + 2048), 0)) {
          QueueContext context = queue.get(20, TimeUnit.SECONDS);
          assertThat(started.index()).isEqualTo(context.index());
          assertThat(context.memoryMayVanish()).isFalse();

          frontend.tell(new FrontendMessage.AddMemReg(later.region()), List.of(later.file()));

          assertThat(context.memoryMayVanish()).isTrue();
        }
      }
      CompletableFuture<Boolean> closed = new CompletableFuture<>();
      VhostServer running = server.get(20, TimeUnit.SECONDS);
      reactor.execute(() -> running.close(() -> closed.complete(true)));
      assertThat(closed.get(20, TimeUnit.SECONDS)).isTrue();
    }
  }
}
