package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One guest, one boot: two disks under verified load on several queues at once, a read-only one,
 * and one of 4096-byte blocks; discards, cache mode and a new size on the way.
 */
class GuestOnManyDisksTest {
  @RegisterExtension static final Lab LAB = new Lab();

  private static final long MIB = 1 << 20;
  private static final long LOADED_OFFSET = MIB;
  private static final long LOADED_BYTES = 32 * MIB;
  private static final long SEED_OF_READ_ONLY = 7;

  private static final String SCRIPT =
      """
      for disk in vda vdb vdc vdd; do
        await_file /dev/$disk
        block=/sys/block/$disk
        say "INFO $disk.sectors $(cat $block/size)"
        say "INFO $disk.queues $(ls $block/mq | wc -l)"
        say "INFO $disk.features $(cat $block/device/features)"
        say "INFO $disk.cache $(cat $block/queue/write_cache)"
        say "INFO $disk.serial $(cat $block/serial)"
        say "INFO $disk.readonly $(cat $block/ro)"
        for limit in logical_block_size physical_block_size discard_max_bytes discard_granularity write_zeroes_max_bytes; do
          say "INFO $disk.$limit $(cat $block/queue/$limit)"
        done
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
      refuse "discarding on the read-only disk" blkrange discard /dev/vdc 0 4194304

      pass "load on blocks of 4096 bytes" blkload load /dev/vdd --length 8388608 --bytes 16777216 --threads 8 --seed 5
      pass "fill of what is given back" blkload fill /dev/vdd --offset 8388608 --length 8388608 --seed 6
      pass "a discard" blkrange discard /dev/vdd 8388608 2097152
      pass "zeroes that unmap" blkrange punch /dev/vdd 10485760 1048576
      pass "zeroes that do not" blkrange zero /dev/vdd 11534336 1048576
      pass "what is beside them" blkload verify /dev/vdd --offset 12582912 --length 4194304 --seed 6 --exact
      refuse "a discard of half a block" blkrange discard /dev/vdd 2048 4096
      pass "a discard on vda" blkrange discard /dev/vda 50331648 1048576

      echo "write through" >/sys/block/vdb/cache_type
      equal "cache switched off" "write through" "$(cat /sys/block/vdb/queue/write_cache)"
      pass "load without a cache" blkload load /dev/vdb --offset 1048576 --length 4194304 --bytes 4194304 --seed 2
      echo "write back" >/sys/block/vdb/cache_type
      equal "cache switched on" "write back" "$(cat /sys/block/vdb/queue/write_cache)"

      say "READY for another size"
      await_value /sys/block/vda/size 163840
      pass "the new last sector" dd if=/dev/vda of=/dev/null bs=512 skip=163839 count=1 iflag=direct
      """;

  /** What the command line has no word for: another block size. */
  private static final String CONFIGURATION =
      """
      {"subsystems": [
        {"subsystem": "bdev", "config": [
          {"method": "bdev_aio_create", "params": {
            "name": "Fourth", "filename": "fourth.img", "block_size": 4096, "fallocate": true}}]},
        {"subsystem": "vhost_blk", "config": [
          {"method": "vhost_create_blk_controller", "params": {
            "ctrlr": "vm3.sock", "dev_name": "Fourth"}}]}]}
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
    LAB.image("fourth.img", 32 * MIB);
    Files.writeString(LAB.path("config.json"), CONFIGURATION);
    server =
        MillraceServer.serve(
            LAB,
            List.of(
                "--blk=vm0.sock=first.img,serial=MILL-0001",
                "--blk=vm1.sock=second.img",
                "--blk=vm2.sock=third.img,readonly",
                "--config=config.json",
                "--rpc-socket=rpc.sock"),
            List.of("vm0.sock", "vm1.sock", "vm2.sock", "vm3.sock", "rpc.sock"));
    guest =
        Guest.named("guest")
            .cpus(4)
            .disk("vm0.sock", 4)
            .disk("vm1.sock", 2)
            .disk("vm2.sock", 1)
            .disk("vm3.sock", 2)
            .script(SCRIPT)
            .start(LAB);
    guest.await("READY for another size");
    LAB.image("first.img", 80 * MIB);
    MillraceServer.rpc(LAB, "bdev_aio_rescan", "{\"name\": \"vm0.sock\"}");
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
    assertThat(guest.info("vdd.sectors")).isEqualTo("65536");
  }

  @Test
  void guestSeesAnImageGrowWhileItRuns() {
    assertThat(guest.report()).anyMatch(line -> line.startsWith("PASS the new last sector"));
  }

  @Test
  void guestWorksInBlocksOf4096Bytes() {
    assertThat(guest.info("vda.logical_block_size")).isEqualTo("512");
    assertThat(guest.info("vda.physical_block_size")).isEqualTo("4096");
    assertThat(guest.info("vdd.logical_block_size")).isEqualTo("4096");
    assertThat(guest.report())
        .anyMatch(line -> line.startsWith("PASS load on blocks of 4096 bytes: verified"));
    SectorPattern.assertHolds(LAB.path("fourth.img"), 0, 8 * MIB, 5, 1);
  }

  @Test
  void guestDiscardsWhereTheDiskIsWritable() {
    assertThat(guest.info("vda.discard_max_bytes")).isEqualTo("1073741824");
    assertThat(guest.info("vda.discard_granularity")).isEqualTo("4096");
    assertThat(guest.info("vda.write_zeroes_max_bytes")).isEqualTo("1073741824");
    assertThat(guest.info("vdc.discard_max_bytes")).isEqualTo("0");
  }

  @Test
  void whatTheGuestDiscardedIsAHoleInTheImage() throws Exception {
    assertThat(holes("first.img")).contains("48 MiB for 1 MiB");
    // Of 16 MiB written 3 are given back; zeroes without the flag take room and may look empty.
    assertThat(allocated("fourth.img")).isBetween(13 * MIB, 13 * MIB + MIB / 2);
    SectorPattern.assertZero(LAB.path("fourth.img"), 8 * MIB, 4 * MIB);
    SectorPattern.assertHolds(LAB.path("fourth.img"), 12 * MIB, 4 * MIB, 6, 1);
  }

  /** Where qemu-img finds at least this much of nothing. */
  private static List<String> holes(String image) throws Exception {
    List<String> holes = new ArrayList<>();
    for (JsonNode part :
        new JsonMapper()
            .readTree(LAB.output("qemu-img", "map", "--output=json", "-f", "raw", image))) {
      long start = part.get("start").longValue();
      long end = start + part.get("length").longValue();
      for (long mib = (start + MIB - 1) / MIB;
          !part.get("data").booleanValue() && (mib + 1) * MIB <= end;
          mib++) {
        holes.add(mib + " MiB for 1 MiB");
      }
    }
    return holes;
  }

  private static long allocated(String image) throws Exception {
    return Long.parseLong(LAB.output("stat", "--format=%b", image).strip()) * 512;
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
  void everythingOfferedIsNegotiated() {
    String features = guest.info("vda.features"); // character i is bit i

    assertThat(features.charAt(9)).as("VIRTIO_BLK_F_FLUSH").isEqualTo('1');
    assertThat(features.charAt(1)).as("VIRTIO_BLK_F_SIZE_MAX").isEqualTo('1');
    assertThat(features.charAt(2)).as("VIRTIO_BLK_F_SEG_MAX").isEqualTo('1');
    assertThat(features.charAt(4)).as("VIRTIO_BLK_F_GEOMETRY").isEqualTo('1');
    assertThat(features.charAt(10)).as("VIRTIO_BLK_F_TOPOLOGY").isEqualTo('1');
    assertThat(features.charAt(11)).as("VIRTIO_BLK_F_CONFIG_WCE").isEqualTo('1');
    assertThat(features.charAt(12)).as("VIRTIO_BLK_F_MQ").isEqualTo('1');
    assertThat(features.charAt(13)).as("VIRTIO_BLK_F_DISCARD").isEqualTo('1');
    assertThat(features.charAt(14)).as("VIRTIO_BLK_F_WRITE_ZEROES").isEqualTo('1');
    assertThat(features.charAt(28)).as("VIRTIO_F_INDIRECT_DESC").isEqualTo('1');
    assertThat(features.charAt(29)).as("VIRTIO_F_EVENT_IDX").isEqualTo('1');
    assertThat(features.charAt(32)).as("VIRTIO_F_VERSION_1").isEqualTo('1');
  }

  @Test
  void guestBelievesInAWriteBackCacheSoThatItSendsFlushes() {
    assertThat(guest.info("vda.cache")).isEqualTo("write back");
  }

  @Test
  void guestSwitchesItsCacheWhileTheDiskIsInUse() {
    assertThat(guest.report())
        .contains("PASS cache switched off: write through", "PASS cache switched on: write back")
        .anyMatch(line -> line.startsWith("PASS load without a cache: verified"));
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
