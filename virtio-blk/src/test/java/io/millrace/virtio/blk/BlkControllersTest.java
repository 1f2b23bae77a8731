package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.NullBdev;
import io.millrace.linux.Errno;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.ControllerException;
import io.millrace.vhost.user.server.VhostControllers;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a controller that cannot be made leaves behind. */
class BlkControllersTest {
  @TempDir private Path folder;
  private final BdevRegistry bdevs = new BdevRegistry();

  private BlkControllers.Spec spec(String name) throws BdevException {
    bdevs.register(new NullBdev("disk", UUID.randomUUID(), 512, 512, 2048));
    return new BlkControllers.Spec(name, "disk", false);
  }

  private void nothingIsLeft() throws BdevException {
    assertThat(folder).isEmptyDirectory();
    assertThat(bdevs.remove("disk").toCompletableFuture()).isCompleted();
  }

  @Test
  void oneWhoseSocketCannotBeWatchedGivesBackSocketAndBdev() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (Reactor control = Reactor.start("control", -1);
        Reactor polling = Reactor.stepped("polling")) {
      hang(control, over); // so that what is asked of it by another thread does not succeed
      VhostControllers all = new VhostControllers(control, Map.of(0, polling));
      BlkControllers controllers = new BlkControllers(bdevs, all);
      BlkControllers.Spec spec = spec("vm0");
      VhostSocket socket = VhostSocket.listen(folder.resolve("vm0"), null);
      try {
        assertThatThrownBy(() -> controllers.create(spec, socket))
            .isInstanceOf(ControllerException.class)
            .hasMessageContaining("vm0: ")
            .hasMessageContaining("cannot be watched");

        assertThat(all.all()).isEmpty();
        nothingIsLeft();
      } finally {
        over.countDown();
      }
    }
  }

  private static void hang(Reactor reactor, CountDownLatch over) {
    reactor.execute(() -> {
      try {
        over.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    });
  }

  @Test
  void nameThatWouldBreakALogLineIsRefused() throws Exception {
    try (Reactor control = Reactor.stepped("control")) {
      BlkControllers controllers =
          new BlkControllers(bdevs, new VhostControllers(control, Map.of(0, control)));
      BlkControllers.Spec spec = spec("vm0\nvm1");
      VhostSocket socket = VhostSocket.listen(folder.resolve("vm0"), null);

      assertThatThrownBy(() -> controllers.create(spec, socket))
          .isInstanceOf(ControllerException.class)
          .hasMessage(
              "a controller's name has 1 to 255 characters, none of them a control character")
          .extracting(e -> ((ControllerException) e).errno())
          .isEqualTo(Errno.EINVAL);

      nothingIsLeft();
    }
  }
}
