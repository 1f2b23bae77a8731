package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What ends or restarts one side in the middle of the load: nothing that was flushed is lost, and
 * the others go on.
 */
class InterruptionTest {
  @RegisterExtension final Lab lab = new Lab();

  private static final long MIB = 1 << 20;
  private static final long OFFSET = MIB; // of the loaded region, in bytes
  private static final long BYTES = 16 * MIB; // of the loaded region
  private static final String REGION = " --offset %d --length %d ".formatted(OFFSET, BYTES);

  /**
   * Fills the region again and again, reporting {@code durable GENERATION} after each flush, until
   * something stops it.
   */
  private static final String ENDLESS_LOAD =
      """
      await_file /dev/vda
      blkload rounds /dev/vda %s --threads 8 >&3
      say "the load ended with exit code $?"
      sleep 1000
      """
          .formatted(REGION);

  private static final String BYSTANDER =
      """
      await_file /dev/vda
      blkload load /dev/vda --length 16777216 --seconds 4 --announce RUNNING >&3 || say "FAIL undisturbed load"
      """;

  /**
   * The word in the disk's first sector says what the guest is to find. Each stage replaces all
   * data before it changes the word, so that a reset at any moment lets the next boot find one of
   * the two.
   */
  private static final String REBOOTING =
      """
      await_file /dev/vda
      mark() { echo "$1" >/tmp/word; truncate -s 512 /tmp/word; dd if=/tmp/word of=/dev/vda bs=512 oflag=direct 2>/dev/null; }
      stage() {
        pass "fill for the next stage" blkload fill /dev/vda REGION --generation $2
        mark $1
        blkload rounds /dev/vda REGION --threads 8 --generation $(($2 + 1)) >&3
      }
      case "$(dd if=/dev/vda bs=512 count=1 iflag=direct 2>/dev/null | tr -d '\\0')" in
      '')
        pass "load before the reboot" blkload load /dev/vda REGION --bytes 33554432 --threads 8
        mark rebooted
        reboot -f
        ;;
      rebooted)
        pass "data after the reboot" blkload verify /dev/vda REGION
        stage reset 1000000
        ;;
      reset)
        pass "data after resets" blkload verify /dev/vda REGION --generation 1000000
        stage last 2000000
        ;;
      last)
        pass "data after the last reset" blkload verify /dev/vda REGION --generation 2000000
        pass "load after the last reset" blkload load /dev/vda REGION --bytes 16777216 --threads 8 --generation 3000000
        ;;
      esac
      """
          .replace("REGION", REGION);

  private Path image;
  private MillraceServer server;

  @BeforeEach
  void serveOneDisk() throws Exception {
    image = lab.image("disk.img", 64 * MIB);
    lab.image("other.img", 16 * MIB);
    server = MillraceServer.serve(lab, "vm0.sock=disk.img", "vm1.sock=other.img");
  }

  @ParameterizedTest
  @ValueSource(strings = {"packed=off", "packed=on"})
  void dataOutlivesAGuestsRebootAndResetsUnderLoad(String ring) throws Exception {
    Guest guest =
        Guest.named("guest").disk("vm0.sock", 2, ring).reboots().script(REBOOTING).start(lab);
    guest.await("PASS load before the reboot");
    guest.await("PASS data after the reboot");
    awaitLoad(guest);

    for (int i = 0; i < 3; i++) {
      guest.qmp("system_reset"); // the last two find the firmware or nobody
    }
    guest.await("BOOT");
    guest.qmp("system_reset"); // while the driver starts
    guest.await("BOOT");
    guest.await("PASS data after resets");
    awaitLoad(guest);
    guest.qmp("system_reset");

    guest.await("BOOT");
    long durable = guest.durableGeneration();
    guest.await("PASS data after the last reset");
    guest.awaitEnd();
    assertThat(durable).isGreaterThan(2_000_000);
    SectorPattern.assertHolds(image, OFFSET, BYTES, 1, 3_000_000);
    assertThat(server.terminate()).isZero();
  }

  @Test
  void killedQemuDisturbsNoOtherGuestAndTheNextOneFindsTheData() throws Exception {
    Guest killed = startUnderLoad("killed");
    Guest bystander =
        Guest.named("bystander").cpus(1).disk("vm1.sock", 1).script(BYSTANDER).start(lab);
    bystander.await("RUNNING");

    killed.kill();

    long durable = killed.durableGeneration();
    SectorPattern.assertHolds(image, OFFSET, BYTES, 1, durable);
    Guest next =
        Guest.named("next")
            .disk("vm0.sock", 2)
            .script(
                """
                await_file /dev/vda
                pass "data of the killed guest" blkload verify /dev/vda %1$s --generation %2$d
                pass "load" blkload load /dev/vda %1$s --bytes 16777216 --generation 1000000
                """
                    .formatted(REGION, durable))
            .start(lab);
    next.await("PASS data of the killed guest");
    next.awaitEnd();
    bystander.await("verified");
    bystander.awaitEnd();
    SectorPattern.assertHolds(image, OFFSET, BYTES, 1, 1_000_000);
    assertThat(server.terminate()).isZero();
  }

  @Test
  void serverEndsOnSigtermUnderLoadAndTheImageHoldsWhatWasFlushed() throws Exception {
    Guest guest = startUnderLoad("guest");

    int exitCode = server.terminate();

    assertThat(exitCode).isZero();
    assertThat(lab.path("vm0.sock")).doesNotExist();
    SectorPattern.assertHolds(image, OFFSET, BYTES, 1, guest.durableGeneration());
    assertThat(guest.isAlive()).isTrue();
    assertThat(guest.qmp("query-status")).contains("running");
  }

  private Guest startUnderLoad(String name) throws Exception {
    Guest guest = Guest.named(name).disk("vm0.sock", 2).script(ENDLESS_LOAD).start(lab);
    awaitLoad(guest);
    return guest;
  }

  private static void awaitLoad(Guest guest) throws InterruptedException {
    guest.await("durable");
    guest.await("durable");
  }
}
