package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.LinuxFiles;
import io.millrace.vhost.user.FrontendMessage;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

/**
 * A front-end truncates the memory it shares. The JVM tells of the fault late, so an innocent
 * device on the same reactor, polled right after the guilty one, must not suffer for it.
 */
@Timeout(60)
class TruncatedMemoryTest {
  private static final int INNOCENT_READS = 2000;
  private static final long VANISHING = 1L << 40; // guest address

  @RepeatedTest(5)
  void onlyTheGuiltyFrontEndLosesItsSession() throws Exception {
    try (BlkTarget target = new BlkTarget(1)) {
      Path guiltySocket = target.serveMalloc("guilty");
      Path innocentSocket = target.serveMalloc("innocent");
      try (VirtioBlkDriver innocent =
              VirtioBlkDriver.open(innocentSocket, BlkDriverOptions.defaults());
          RawRing guilty = new RawRing(guiltySocket, false)) {
        long buffer = innocent.memory().allocate(512, 512);
        guilty.validRead(0, 1);
        guilty.offer(0);
        guilty.awaitUsed(1);
        LinuxFiles.truncate(guilty.memory.file(), 0);
        guilty.kick(); // its ring is looked at, and is no more

        theInnocentIsServed(innocent, buffer);

        BlkTarget.await("the guilty session is gone", () -> target.sessions("guilty") == 0);
        assertThat(target.sessions("innocent")).isEqualTo(1);
      }
    }
  }

  /** The disk is in memory: its copy, not the ring's look, meets the fault. */
  @RepeatedTest(5)
  void dataThatVanishesFailsItsRequestAndTheDiskGoesOn() throws Exception {
    try (BlkTarget target = new BlkTarget(1)) {
      Path guiltySocket = target.serveMalloc("guilty");
      Path innocentSocket = target.serveMalloc("innocent");
      try (VirtioBlkDriver innocent =
              VirtioBlkDriver.open(innocentSocket, BlkDriverOptions.defaults());
          RawRing guilty = new RawRing(guiltySocket, true);
          GuestMemory vanishing = GuestMemory.create(1 << 20, VANISHING, false)) {
        long buffer = innocent.memory().allocate(512, 512);
        guilty.frontend.tell(
            new FrontendMessage.AddMemReg(vanishing.region()), List.of(vanishing.file()));
        guilty.validRead(0, 1);
        guilty.descriptor(1, VANISHING, 4096, RawRing.NEXT | RawRing.WRITE, 2);
        LinuxFiles.truncate(vanishing.file(), 0);

        guilty.offer(0);

        theInnocentIsServed(innocent, buffer);
        BlkTarget.await("the guilty session is gone", () -> target.sessions("guilty") == 0);
        assertThat(target.sessions("innocent")).isEqualTo(1);
      }
      theNextFrontEndIsServed(guiltySocket);
    }
  }

  private static void theInnocentIsServed(VirtioBlkDriver innocent, long buffer) throws Exception {
    for (int i = 0; i < INNOCENT_READS; i++) {
      int status = innocent.run(VirtioBlk.T_IN, i, buffer, 512, BlkTarget.DEADLINE_NANOS);
      assertThat(status).isEqualTo(VirtioBlk.S_OK);
    }
  }

  /** Nothing of the guilty session hangs: the disk's rings start again. */
  private static void theNextFrontEndIsServed(Path socket) throws Exception {
    try (RawRing next = new RawRing(socket, true)) {
      next.validRead(0, 1);
      next.offer(0);
      next.awaitUsed(1);
      assertThat(next.status()).isEqualTo(VirtioBlk.S_OK);
    }
  }
}
