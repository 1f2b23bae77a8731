package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.VringMessage;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a front-end may change while its rings run. */
@Timeout(60)
class MemoryChangeTest {
  private static final int CHANGES = 200;
  private static final int DEPTH = 16;

  private BlkTarget target;
  private VirtioBlkDriver driver;
  private BlkQueue queue;
  private long buffer;
  private int done;
  private int failures;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(1);
    Path socket = target.serveMalloc("disk");
    driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults());
    queue = driver.queue(0);
    buffer = driver.memory().allocate(DEPTH * 4096L, 4096);
  }

  @AfterEach
  void stop() throws Exception {
    driver.close();
    target.close();
  }

  private void submit(int requests) {
    for (int i = 0; i < requests; i++) {
      queue.submit(VirtioBlk.T_IN, i * 8L, buffer + i * 4096L, 4096, i);
    }
    queue.kick();
  }

  private void awaitDone(int requests) {
    BlkTarget.await(
        requests + " requests are done",
        () -> {
          queue.poll((token, status, written) -> {
            done++;
            failures += status == VirtioBlk.S_OK ? 0 : 1;
          });
          return done >= requests;
        });
  }

  @Test
  void regionsComeAndGoWhileRequestsRun() throws Exception {
    try (GuestMemory extra = GuestMemory.create(1 << 20, 1L << 40, true)) {
      for (int i = 0; i < CHANGES; i++) {
        submit(DEPTH);
        driver
            .frontend()
            .tell(new FrontendMessage.AddMemReg(extra.region()), List.of(extra.file()));
        driver.frontend().tell(new FrontendMessage.RemMemReg(extra.region()));
        awaitDone((i + 1) * DEPTH);
      }
    }

    assertThat(failures).isZero();
  }

  @Test
  void anotherKickAndAnotherCallTakeOverWhileTheRingRuns() throws Exception {
    try (FileDescriptor kick = EventFd.create();
        FileDescriptor call = EventFd.create()) {
      driver.frontend().tell(new VringMessage.SetVringKick(0, true), List.of(kick));
      driver.frontend().tell(new VringMessage.SetVringCall(0, true), List.of(call));
      BlkTarget.await("the reactor sleeps", () -> target.reactors.get(0).restingCount() > 0);

      submit(1);
      EventFd.signal(kick.number());

      awaitDone(1);
      assertThat(failures).isZero();
      BlkTarget.await("the new call is signalled", () -> EventFd.drain(call.number()) > 0);
    }
  }

  @Test
  void aDisabledRingIsNotProcessedUntilItIsEnabledAgain() throws Exception {
    driver.frontend().tell(new VringMessage.SetVringEnable(0, false));
    submit(3);
    driver.frontend().barrier();
    assertThat(queue.poll((token, status, written) -> done++)).isZero();

    driver.frontend().tell(new VringMessage.SetVringEnable(0, true));

    awaitDone(3);
  }
}
