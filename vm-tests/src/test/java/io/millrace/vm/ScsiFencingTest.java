package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Two Linux guests on one logical unit, each over a controller of its own, do with sg_persist what
 * the fencing agents of clusters do: who is shut out gets conflicts, and nothing that it writes
 * arrives.
 */
class ScsiFencingTest {
  @RegisterExtension final Lab lab = new Lab();

  private static final int MIB = 1 << 20;
  private static final long SEED = 1; // of what stands everywhere before
  private static final long FORBIDDEN = 32L * MIB; // offset of what only those write who may not
  private static final long LOADED = 48L * MIB; // offset of what is under load while fenced
  private static final long SLOW_MICROS = 2_000_000;
  private static final String KEY_ONE = "0xa1a1";
  private static final String KEY_TWO = "0xb2b2";
  private static final String WRITE_EXCLUSIVE = "1";
  private static final String EXCLUSIVE_ACCESS = "3";
  private static final String WRITE_EXCLUSIVE_REGISTRANTS_ONLY = "5";
  private static final String EXCLUSIVE_ACCESS_REGISTRANTS_ONLY = "6";

  private static final String SCRIPT =
      """
      modules sd_mod sg virtio_scsi
      await_file /dev/vda
      tools /dev/vda
      await_file /dev/sda
      await_file /dev/sg0
      head -c 4096 /dev/zero | tr '\\0' 'x' >/tmp/block
      say "READY"
      obey
      """;

  private Path image;
  private MillraceServer server;
  private Node one;
  private Node two;
  private byte[] whenFenced;

  /** A guest that is told what to do, one step after the other. */
  private record Node(Guest guest, String key) {
    /** What a command prints that has to succeed. */
    String pass(String command) throws Exception {
      guest.tell("pass \"%s\" %1$s".formatted(command));
      return guest.await("PASS " + command + ":");
    }

    /** What a command prints that has to fail. */
    String refuse(String command) throws Exception {
      guest.tell("refuse \"%s\" %1$s".formatted(command));
      return guest.await("PASS " + command + ":");
    }

    void register(String... options) throws Exception {
      pass(reserve("--register --param-sark=" + key, options));
    }

    void unregister() throws Exception {
      pass(reserve("--register --param-sark=0 --param-rk=" + key));
    }

    /** A service action of PERSISTENT RESERVE OUT by who has registered. */
    void out(String action, String... options) throws Exception {
      pass(reserve("--" + action + " --param-rk=" + key, options));
    }

    private static String reserve(String what, String... options) {
      return ("sg_persist --out --no-inquiry " + what + " " + String.join(" ", options)).strip()
          + " /dev/sg0";
    }

    String in(String action) throws Exception {
      return pass("sg_persist --in --no-inquiry --" + action + " /dev/sg0");
    }

    void writes(long offset, long seed) throws Exception {
      pass(fill(offset, seed));
    }

    void reads() throws Exception {
      pass("blkload verify /dev/sda --offset %d --length 65536 --exact".formatted(FORBIDDEN));
    }

    void cannotWrite() throws Exception {
      assertThat(refuse(fill(FORBIDDEN, 99))).contains("ERROR write", "Invalid exchange"); // EBADE
      assertThat(
              refuse(
                  "sg_dd if=/tmp/block of=/dev/sg0 bs=512 count=8 seek=%d"
                      .formatted(FORBIDDEN / 512)))
          .contains("Reservation Conflict");
    }

    void cannotRead() throws Exception {
      assertThat(refuse("blkload verify /dev/sda --offset %d --length 65536".formatted(FORBIDDEN)))
          .contains("ERROR read", "Invalid exchange");
      assertThat(refuse("sg_raw --request=512 /dev/sg0 28 00 00 00 00 00 00 00 01 00"))
          .contains("Reservation Conflict");
    }

    /** The next command is told what has happened, the one after it is not. */
    void isTold(String attention) throws Exception {
      assertThat(refuse("sg_raw /dev/sg0 00 00 00 00 00 00")).contains("Unit Attention", attention);
      pass("sg_turs /dev/sg0");
    }

    private static String fill(long offset, long seed) {
      return "blkload fill /dev/sda --offset %d --length 65536 --seed %d".formatted(offset, seed);
    }
  }

  @Test
  void whoIsFencedWritesNothingMoreAndReservationsOutliveTheServer() throws Exception {
    image = SharedDisk.image(lab);
    SectorPattern.fill(image, 0, SharedDisk.BYTES, SEED, 1);
    start("before");
    bothAreListed();
    registrantsWriteAndNobodyElse();
    preemptedGuestIsOut();
    exclusiveAccessKeepsReadsOut();
    clearForgetsEverybody();
    preemptAndAbortEndsALoad();
    reservationOutlivesTheServer();
    end();

    SectorPattern.assertHolds(image, 0, 4 * 65536, 2, 1);
    SectorPattern.assertHolds(image, 4 * 65536, LOADED - 4 * 65536, SEED, 1);
    SectorPattern.assertHolds(image, LOADED, MIB, 99, 2);
    assertThat(Arrays.mismatch(Lab.bytes(image, LOADED, MIB), whenFenced)).isEqualTo(-1);
    SectorPattern.assertHolds(image, LOADED + MIB, SharedDisk.BYTES - LOADED - MIB, SEED, 1);
  }

  private void start(String when) throws Exception {
    server = SharedDisk.serve(lab);
    Guest first = guest("one-" + when, "vm0.sock");
    Guest second = guest("two-" + when, "vm1.sock");
    first.await("READY");
    second.await("READY");
    one = new Node(first, KEY_ONE);
    two = new Node(second, KEY_TWO);
  }

  private Guest guest(String name, String socket) throws IOException {
    return Guest.named(name).scsi(socket, 2).tools("sg3.sh").script(SCRIPT).start(lab);
  }

  private void end() throws Exception {
    for (Node node : new Node[] {one, two}) {
      node.guest.tell("end");
      node.guest.awaitEnd();
    }
    assertThat(server.terminate()).isZero();
  }

  private void bothAreListed() throws Exception {
    one.register();
    two.register();

    assertThat(one.in("read-keys")).contains("0xa1a1", "0xb2b2");
    String full = two.in("read-full-status");
    assertThat(full).contains("Key=0xa1a1", "Key=0xb2b2");
    assertThat(full.split("SAS address", -1)).hasSize(3);
  }

  private void registrantsWriteAndNobodyElse() throws Exception {
    one.out("reserve", type(WRITE_EXCLUSIVE_REGISTRANTS_ONLY));
    assertThat(two.in("read-reservation"))
        .contains("Key=0xa1a1", "Write Exclusive, registrants only");
    two.writes(0, 2);
    two.unregister();
    two.cannotWrite();
    two.reads();
    two.register();
  }

  private void preemptedGuestIsOut() throws Exception {
    one.out("preempt", "--param-sark=" + KEY_TWO, type(WRITE_EXCLUSIVE_REGISTRANTS_ONLY));
    two.isTold("Registrations preempted");
    two.cannotWrite();
    two.reads();
    assertThat(two.in("read-keys")).contains("0xa1a1").doesNotContain("0xb2b2");

    two.register();
    one.out("release", type(WRITE_EXCLUSIVE_REGISTRANTS_ONLY));
    two.isTold("Reservations released");
    two.writes(65536, 2);
  }

  private void exclusiveAccessKeepsReadsOut() throws Exception {
    one.out("reserve", type(EXCLUSIVE_ACCESS_REGISTRANTS_ONLY));
    two.reads();
    two.unregister();
    two.cannotRead();
    two.cannotWrite();
    one.out("release", type(EXCLUSIVE_ACCESS_REGISTRANTS_ONLY));
    two.reads();

    one.out("reserve", type(EXCLUSIVE_ACCESS));
    two.register(); // which lets it take over, not read
    two.cannotRead();
    two.cannotWrite();
    two.out("preempt", "--param-sark=" + KEY_ONE, type(EXCLUSIVE_ACCESS));
    one.isTold("Registrations preempted");
    one.cannotRead();
    one.cannotWrite();
    two.writes(2 * 65536, 2);
  }

  private void clearForgetsEverybody() throws Exception {
    one.register();
    two.out("clear");
    one.isTold("Reservations preempted");
    assertThat(one.in("read-keys")).contains("NO registered reservation keys");
    one.reads();
    two.reads();
  }

  private void preemptAndAbortEndsALoad() throws Exception {
    one.register();
    two.register();
    one.out("reserve", type(WRITE_EXCLUSIVE_REGISTRANTS_ONLY));
    two.guest.tell(
        "{ blkload rounds /dev/sda --offset %d --length %d --seed 99 >&3; say \"FENCED $?\"; } &"
            .formatted(LOADED, MIB));
    two.guest.await("durable 2");
    SharedDisk.slowWrites(lab, SLOW_MICROS); // so that some are always in flight
    one.out("preempt-abort", "--param-sark=" + KEY_TWO, type(WRITE_EXCLUSIVE_REGISTRANTS_ONLY));
    whenFenced = Lab.bytes(image, LOADED, MIB);
    SharedDisk.slowWrites(lab, SharedDisk.LATENCY_MICROS);

    two.guest.await("ERROR"); // of a write, or of the flush behind them
    assertThat(two.guest.await("FENCED")).isEqualTo("4"); // an I/O error, not wrong data
    two.cannotWrite();
    one.out("clear");
  }

  private void reservationOutlivesTheServer() throws Exception {
    one.register("--param-aptpl");
    two.register("--param-aptpl");
    one.out("reserve", type(WRITE_EXCLUSIVE));
    two.cannotWrite();
    server.kill();
    one.guest.kill(); // QEMU 7.2 does not connect a SCSI controller again
    two.guest.kill();

    start("after");
    assertThat(two.in("read-keys")).contains("0xa1a1", "0xb2b2");
    assertThat(two.in("read-reservation")).contains("Key=0xa1a1", "Write Exclusive");
    two.cannotWrite();
    one.writes(3 * 65536, 2);
    one.out("release", type(WRITE_EXCLUSIVE));
    two.writes(3 * 65536, 2);
  }

  private static String type(String type) {
    return "--prout-type=" + type;
  }
}
