package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A guest whose memory is copied while its disk writes into it. What the disk wrote after QEMU sent
 * a page comes along only if the server's log has the page, so the guest holds what it read: pages
 * that no virtual CPU writes. QEMU 7.2 under TCG breaks some guests that it copies, with disks of
 * its own too: one that crashed is tried again, one with wrong data never.
 */
class MigrationByCopyTest {
  @RegisterExtension final Lab lab = new Lab();

  /** For each ring format; more by {@code -Dmillrace.vm.copies}. */
  private static final int MOVES = Integer.getInteger("millrace.vm.copies", 1);

  private static final int TRIES = 3;
  private static final long MIB = 1 << 20;
  private static final long BYTES = 64 * MIB;
  private static final long BANDWIDTH = 40 * MIB; // a second: pages are sent long before the end

  /**
   * Reads one part of the disk after the other into the page cache, waits, and looks at what is
   * there then. The pages held other parts before, so an old page is a wrong one. Only a program
   * that ended early is a crash: whatever was read to the end and is wrong may be the log's fault.
   */
  private static final String HOLDING =
      """
      await_file /dev/vda
      say "INFO features $(cat /sys/block/vda/device/features)"
      pass fill blkload fill /dev/vda --length %1$d
      part() {
        local sum=$(dd if=/dev/vda bs=1M count=16 skip=$1 $2 2>/tmp/dd | sha256sum)
        if grep -q '^16+0 records out' /tmp/dd; then echo "${sum%%%% *}"; fi
      }
      for skip in 0 16 32 48; do part $skip iflag=direct >/tmp/expected.$skip; done
      exec 4</dev/vda # the cache of a device that nobody has open is dropped
      while true; do
        for skip in 0 16 32 48; do
          echo 1 >/proc/sys/vm/drop_caches
          part $skip >/dev/null
          usleep 700000
          held=$(part $skip)
          if [ "$held" = "$(cat /tmp/expected.$skip)" ]; then say "HELD $skip"
          elif [ -z "$held" ]; then say "FAIL CRASH of what looks at part $skip"
          else say "FAIL MISCOMPARE of part $skip: $held"
          fi
        done
      done
      """
          .formatted(BYTES);

  @ParameterizedTest
  @ValueSource(strings = {"packed=off", "packed=on"})
  void whatTheDiskWroteIntoMemoryMovesAlong(String ring) throws Exception {
    Path image = lab.image("disk.img", 64 * MIB);
    MillraceServer server = MillraceServer.serve(lab, "vm0.sock=disk.img");

    int tries = 1;
    while (!survives(ring)) {
      assertThat(tries++).as("guests that crashed").isLessThan(TRIES);
    }

    SectorPattern.assertHolds(image, 0, BYTES, 1, 1);
    assertThat(server.terminate()).isZero();
  }

  /**
   * QEMU's own fault: no data was wrong. A guest that says nothing, and whose kernel does not spin,
   * is moved once more, as its rings are looked at anew and its driver is woken then: if it goes
   * on, we had lost a notification.
   */
  private static boolean isCrash(MovingGuest guest) throws IOException, InterruptedException {
    List<String> failures =
        guest.report().stream().filter(line -> line.startsWith("FAIL")).toList();
    if (!failures.isEmpty() || guest.crashed()) {
      return failures.stream().allMatch(line -> line.startsWith("FAIL CRASH"));
    }
    guest.noteState();
    if (guest.spins()) {
      return true;
    }
    try {
      guest.moveTo(guest.destination(null));
      guest.awaitMore("HELD");
      return false;
    } catch (AssertionError | IOException e) {
      return guest.report().stream().noneMatch(line -> line.contains("MISCOMPARE"));
    }
  }

  /** False if the guest's kernel or a program of it crashed, or the guest stands still. */
  private boolean survives(String ring) throws IOException, InterruptedException {
    MovingGuest guest = new MovingGuest(lab, ring, 1, null, HOLDING);
    try {
      assertThat(guest.hasPackedRings()).isEqualTo(ring.equals("packed=on"));
      guest.awaitMore("HELD");
      for (int i = 0; i < MOVES; i++) {
        guest.here().limitBandwidth(BANDWIDTH);
        guest.moveTo(guest.destination(null));
        guest.awaitMore("HELD");
      }
      return true;
    } catch (AssertionError | IOException e) {
      if (isCrash(guest)) {
        return false;
      }
      throw e;
    } finally {
      guest.kill();
    }
  }
}
