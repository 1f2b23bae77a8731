package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * One guest, one boot: two disks under verified load on several queues at once, and a read-only
 * one.
 */
class GuestOnThreeDisksTest {
  @RegisterExtension static final Lab LAB = new Lab();

  private static final long MIB = 1 << 20;
  private static final long LOADED_OFFSET = MIB;
  private static final long LOADED_BYTES = 32 * MIB;
  private static final long SEED_OF_READ_ONLY = 7;

  private static final String SCRIPT =
      """
      for disk in vda vdb vdc; do
        await_file /dev/$disk
        block=/sys/block/$disk
        say "INFO $disk.sectors $(cat $block/size)"
        say "INFO $disk.queues $(ls $block/mq | wc -l)"
        say "INFO $disk.features $(cat $block/device/features)"
        say "INFO $disk.cache $(cat $block/queue/write_cache)"
        say "INFO $disk.serial $(cat $block/serial)"
        say "INFO $disk.readonly $(cat $block/ro)"
      done
      pass "load on vda" blkload load /dev/vda --offset 1048576 --length 33554432 --bytes 67108864 --threads 12 --seed 1 &
      pass "load on vdb" blkload load /dev/vdb --offset 1048576 --length 33554432 --bytes 67108864 --threads 12 --seed 2 &
      wait
      refuse "verification with another seed" blkload verify /dev/vda --offset 1048576 --length 33554432 --seed 3
      pass "a last fill" blkload fill /dev/vda --offset 50331648 --length 1048576 --seed 4
      pass "one sector overwritten" dd if=/dev/zero of=/dev/vda bs=512 seek=98500 count=1 oflag=direct conv=fsync
      refuse "verification of the overwritten sector" blkload verify /dev/vda --offset 50331648 --length 1048576 --seed 4
      pass "reading the read-only disk" blkload verify /dev/vdc --length 4194304 --seed 7 --exact
      refuse "writing to the read-only disk" blkload fill /dev/vdc --length 4194304 --seed 8
      """;

  private static MillraceServer server;
  private static Guest guest;
  private static String readOnlyBefore;

  @BeforeAll
  static void guestRuns() throws Exception {
    LAB.image("first.img", 64 * MIB);
    LAB.image("second.img", 96 * MIB);
    Path readOnly = LAB.image("third.img", 16 * MIB);
    SectorPattern.fill(readOnly, 0, 4 * MIB, SEED_OF_READ_ONLY, 1);
    readOnlyBefore = digest(readOnly);
    server =
        MillraceServer.serve(
            LAB,
            "vm0.sock=first.img,serial=MILL-0001",
            "vm1.sock=second.img",
            "vm2.sock=third.img,readonly");
    guest =
        Guest.named("guest")
            .cpus(4)
            .disk("vm0.sock", 4)
            .disk("vm1.sock", 2)
            .disk("vm2.sock", 1)
            .script(SCRIPT)
            .start(LAB);
    guest.awaitEnd();
  }

  @Test
  void everyReadOfTheLoadReturnedWhatWasWrittenLast() {
    assertThat(guest.report())
        .anyMatch(line -> line.startsWith("PASS load on vda: verified"))
        .anyMatch(line -> line.startsWith("PASS load on vdb: verified"));
  }

  @Test
  void imagesHoldTheLoadWhenReadFromOutside() {
    SectorPattern.assertHolds(LAB.path("first.img"), LOADED_OFFSET, LOADED_BYTES, 1, 1);
    SectorPattern.assertHolds(LAB.path("second.img"), LOADED_OFFSET, LOADED_BYTES, 2, 1);
  }

  @Test
  void whatTheGuestNeverWroteIsUntouched() {
    SectorPattern.assertZero(LAB.path("first.img"), 0, LOADED_OFFSET);
    SectorPattern.assertZero(LAB.path("second.img"), LOADED_OFFSET + LOADED_BYTES, 63 * MIB);
  }

  @Test
  void verificationNoticesAWrongSeedAndOneOverwrittenSector() {
    assertThat(guest.report())
        .anyMatch(line -> line.startsWith("PASS verification with another seed: MISMATCH"))
        .anyMatch(line ->
            line.startsWith("PASS verification of the overwritten sector: MISMATCH sector 98500"));
  }

  @Test
  void readOnlyDiskIsReadAndRefusesWrites() throws Exception {
    assertThat(guest.info("vdc.readonly")).isEqualTo("1");
    assertThat(guest.report())
        .anyMatch(line -> line.startsWith("PASS reading the read-only disk"))
        .anyMatch(line -> line.startsWith("PASS writing to the read-only disk"));
    assertThat(digest(LAB.path("third.img"))).isEqualTo(readOnlyBefore);
  }

  @Test
  void guestSeesTheSizesOfTheImages() {
    assertThat(guest.info("vda.sectors")).isEqualTo("131072");
    assertThat(guest.info("vdb.sectors")).isEqualTo("196608");
    assertThat(guest.info("vdc.sectors")).isEqualTo("32768");
  }

  @Test
  void guestUsesAllQueuesItWasGiven() {
    assertThat(guest.info("vda.queues")).isEqualTo("4");
    assertThat(guest.info("vdb.queues")).isEqualTo("2");
    assertThat(guest.info("vdc.queues")).isEqualTo("1");
  }

  @Test
  void guestSeesTheSerialOfTheCommandLine() {
    assertThat(guest.info("vda.serial")).isEqualTo("MILL-0001");
  }

  @Test
  void flushMultiQueueIndirectEventIndexAndVersion1AreNegotiated() {
    String features = guest.info("vda.features"); // character i is bit i

    assertThat(features.charAt(9)).as("VIRTIO_BLK_F_FLUSH").isEqualTo('1');
    assertThat(features.charAt(12)).as("VIRTIO_BLK_F_MQ").isEqualTo('1');
    assertThat(features.charAt(28)).as("VIRTIO_F_INDIRECT_DESC").isEqualTo('1');
    assertThat(features.charAt(29)).as("VIRTIO_F_EVENT_IDX").isEqualTo('1');
    assertThat(features.charAt(32)).as("VIRTIO_F_VERSION_1").isEqualTo('1');
  }

  @Test
  void guestBelievesInAWriteBackCacheSoThatItSendsFlushes() {
    assertThat(guest.info("vda.cache")).isEqualTo("write back");
  }

  @Test
  void serverEndsWellAfterItsGuestHasGone() throws Exception {
    assertThat(server.terminate()).isZero();
    assertThat(LAB.path("vm0.sock")).doesNotExist();
    assertThat(LAB.path("vm1.sock")).doesNotExist();
    assertThat(LAB.path("vm2.sock")).doesNotExist();
  }

  private static String digest(Path file) throws IOException, NoSuchAlgorithmException {
    byte[] sum = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
    return HexFormat.of().formatHex(sum);
  }
}
