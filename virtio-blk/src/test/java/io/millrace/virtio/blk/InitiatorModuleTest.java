package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevRegistry;
import io.millrace.initiator.bdev.VhostUserModule;
import io.millrace.initiator.bdev.VhostUserModule.Attached;
import io.millrace.reactor.Reactor;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Block devices of another server, attached by name. */
@Timeout(60)
class InitiatorModuleTest {
  @Test
  void aBlockDeviceIsABdevOfItsNameUntilItIsDetached() throws Exception {
    BdevRegistry registry = new BdevRegistry();
    try (BlkTarget target = new BlkTarget(1);
        Reactor control = Reactor.stepped("control")) {
      VhostUserModule module = new VhostUserModule(registry, control);

      CompletableFuture<Attached> attaching =
          module.attachBlk("Virtio0", target.serveNull("disk"), 1).toCompletableFuture();
      BlkTarget.await(
          "it is attached",
          () -> {
            control.runOnce(System.nanoTime());
            return attaching.isDone();
          });

      assertThat(registry.all()).containsExactlyElementsOf(attaching.join().disks());
      assertThat(registry.get("Virtio0").properties().productName()).isEqualTo("VirtioBlk Disk");
      assertThat(module.all()).extracting(Attached::scsi).containsExactly(false);

      assertThat(module.detach("Virtio0").toCompletableFuture()).isCompleted();
      assertThat(registry.all()).isEmpty();
      assertThat(module.all()).isEmpty();
    }
  }
}
