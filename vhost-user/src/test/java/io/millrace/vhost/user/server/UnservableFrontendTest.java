package io.millrace.vhost.user.server;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.MessageChannel;
import io.millrace.vhost.user.VhostSocket;
import java.io.EOFException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A front-end whose session cannot begin is turned away, not left waiting on a lost socket. */
@Timeout(60)
class UnservableFrontendTest {
  private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(20);

  @TempDir private Path folder;

  @Test
  void itsConnectionIsClosedAndTheNextOneIsAccepted() throws Exception {
    Path path = folder.resolve("disk.sock");
    try (Reactor control = Reactor.start("control", -1)) {
      VhostSocket socket = VhostSocket.listen(path, null);
      CompletableFuture<VhostServer> server = new CompletableFuture<>();
      control.execute(() -> {
        try {
          server.complete(
              new VhostServer(
                  socket,
                  new Unwilling(),
                  control,
                  List.of(),
                  new StallWatch(control, List.of()),
                  new DeviceStatistics("test"),
                  false));
        } catch (Exception e) {
          server.completeExceptionally(e);
        }
      });
      VhostServer serving = server.get(20, TimeUnit.SECONDS);

      for (int i = 0; i < 2; i++) {
        try (MessageChannel frontend = MessageChannel.connect(path)) {
          assertThatThrownBy(() -> frontend.receive(DEADLINE_NANOS).close())
              .isInstanceOf(EOFException.class);
        }
      }

      CompletableFuture<Boolean> closed = new CompletableFuture<>();
      control.execute(() -> serving.close(() -> closed.complete(true)));
      closed.get(20, TimeUnit.SECONDS);
    }
  }

  /** A device that begins no session, as when its socket cannot be watched. */
  private static final class Unwilling implements VhostDevice {
    @Override
    public String name() {
      return "unwilling";
    }

    @Override
    public long features() {
      return 0;
    }

    @Override
    public int queueCount() {
      return 1;
    }

    @Override
    public Reactor reactorFor(int queueIndex) {
      throw new IllegalStateException("no queue ever starts");
    }

    @Override
    public DeviceSession newSession() {
      throw new IllegalStateException("descriptor 7 cannot be watched");
    }

    @Override
    public void memoryAdded(long address, long bytes) {}

    @Override
    public void memoryRemoved(long address, long bytes) {}
  }
}
