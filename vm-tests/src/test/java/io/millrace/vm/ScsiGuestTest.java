package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A Linux guest with a SCSI controller: its sd driver finds the disks, load is verified, disks
 * come, grow and go while it runs. What sd does not ask for, {@link ScsiToolsTest} does.
 */
class ScsiGuestTest {
  @RegisterExtension final Lab lab = new Lab();

  private static final long MIB = 1 << 20;
  private static final long OFFSET = MIB; // of the loaded region, in bytes
  private static final long BYTES = 8 * MIB;

  private static final String SCRIPT =
      """
      modules sd_mod virtio_scsi
      await_file /dev/sda
      await_file /dev/sdb
      for disk in sda sdb; do
        at=/sys/block/$disk
        say "INFO model-$disk $(cat $at/device/vendor $at/device/model | tr -s ' \\n' ' ')"
        say "INFO cache-$disk $(cat $at/queue/write_cache)"
        say "INFO discard-$disk $(cat $at/queue/discard_max_bytes)"
      done
      say "INFO modes $(cat /sys/class/scsi_disk/*/provisioning_mode | tr '\\n' ' ')"
      equal "queues" 2 "$(ls /sys/block/sda/mq | wc -l)"
      pass "load of the first" blkload load /dev/sda REGION --bytes 16777216 --threads 4
      pass "load of the second" blkload load /dev/sdb REGION --bytes 16777216 --threads 4
      say "READY for a disk"
      await_file /dev/sdc
      pass "load of the third" blkload load /dev/sdc REGION --bytes 8388608 --threads 2
      say "READY to lose it"
      await_gone /dev/sdc
      say "READY to grow"
      # By its target: sda and sdb are named as they are found, both at once.
      await_value $(echo /sys/bus/scsi/devices/*:0:1:0/block/*/size) 98304
      dmesg | grep -E 'sd [0-9:]+ |I/O error|blk_update_request' >/tmp/sd
      while read line; do say "KERNEL $line"; done </tmp/sd
      """
          .replace("REGION", "--offset %d --length %d".formatted(OFFSET, BYTES));

  @Test
  void diskIsFoundLoadedPluggedGrownAndTakenAway() throws Exception {
    Path first = lab.image("first.img", 32 * MIB);
    Path second = lab.image("second.img", 32 * MIB);
    Path third = lab.image("third.img", 32 * MIB);
    MillraceServer server =
        MillraceServer.serve(
            lab,
            List.of(
                "--scsi=vm0.sock=first.img", "--scsi=vm0.sock=second.img", "--rpc-socket=rpc.sock"),
            List.of("vm0.sock", "rpc.sock"));
    Guest guest = Guest.named("guest").scsi("vm0.sock", 2).script(SCRIPT).start(lab);

    guest.await("READY for a disk");
    MillraceServer.rpc(
        lab,
        "bdev_aio_create",
        "{\"name\": \"third\", \"filename\": \"third.img\", \"block_size\": 512}");
    MillraceServer.rpc(
        lab,
        "vhost_scsi_controller_add_target",
        "{\"ctrlr\": \"vm0.sock\", \"scsi_target_num\": 7, \"bdev_name\": \"third\"}");
    guest.await("READY to lose it");
    MillraceServer.rpc(
        lab,
        "vhost_scsi_controller_remove_target",
        "{\"ctrlr\": \"vm0.sock\", \"scsi_target_num\": 7}");
    guest.await("READY to grow");
    lab.image("second.img", 48 * MIB);
    MillraceServer.rpc(lab, "bdev_aio_rescan", "{\"name\": \"vm0.sock.1\"}");

    guest.awaitEnd();
    assertThat(server.terminate()).isZero();
    for (Path image : List.of(first, second, third)) {
      SectorPattern.assertHolds(image, OFFSET, BYTES, 1, 1);
    }
    assertThat(guest.info("model-sda")).startsWith("MILLRACE ");
    assertThat(guest.info("cache-sda")).isEqualTo("write back");
    assertThat(Long.parseLong(guest.info("discard-sda"))).isPositive();
    // What the guest still wanted of the disk that was taken away cannot go well.
    assertThat(
            guest.report().stream()
                .filter(line -> line.startsWith("KERNEL ") && !line.contains("[sdc]")))
        .noneMatch(
            line -> line.toLowerCase(Locale.ROOT).matches(".*(error|fail|invalid|illegal).*"));
  }
}
