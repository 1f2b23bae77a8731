package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A Linux guest with a SCSI controller: its sd driver finds the disks, load is verified, disks
 * come, grow and go while it runs, and sg3_utils ask for what sd does not.
 */
class ScsiGuestTest {
  @RegisterExtension final Lab lab = new Lab();

  private static final long MIB = 1 << 20;
  private static final long OFFSET = MIB; // of the loaded region, in bytes
  private static final long BYTES = 8 * MIB;

  private static final String SCRIPT =
      """
      modules sd_mod sg virtio_scsi
      await_file /dev/sda
      await_file /dev/sdb
      await_file /dev/vda
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
      await_value /sys/block/sdb/size 98304

      tools /dev/vda
      SG_TOOLS
      refuse "the first command after a reset" sg_turs /dev/sg0
      pass "the next one" sg_turs /dev/sg0
      pass "the data afterwards" blkload verify /dev/sda REGION
      dmesg | grep -E 'sd [0-9:]+ |I/O error|blk_update_request' >/tmp/sd
      while read line; do say "KERNEL $line"; done </tmp/sd
      """
          .replace("REGION", "--offset %d --length %d".formatted(OFFSET, BYTES));

  /** Each with the words that are to be in what it prints; on blocks that no load uses. */
  private static final List<String[]> TOOLS =
      List.of(
          tool("sg_inq /dev/sg0", "MILLRACE"),
          tool("sg_vpd --page=sv /dev/sg0", "Block limits"),
          tool("sg_vpd --page=di /dev/sg0", "NAA"),
          tool("sg_vpd --page=bl /dev/sg0", "Maximum compare and write length"),
          tool("sg_vpd --page=lbpv /dev/sg0", "Unmap command supported (LBPU): 1"),
          tool("sg_luns /dev/sg0", "Lun list length"),
          tool("sg_readcap --16 /dev/sg0", "Logical block length=512"),
          tool("sg_modes --all /dev/sg0", "Caching"),
          tool("sg_opcodes /dev/sg0", "Compare and write"),
          tool("sg_logs --all /dev/sg0", "Informational exceptions"),
          tool("sg_requests /dev/sg0", ""),
          tool("sg_turs --number=3 /dev/sg0", ""),
          tool("sg_start --start /dev/sg0", ""),
          tool("sg_senddiag --test /dev/sg0", ""),
          tool("sg_ident /dev/sg0", ""),
          tool("sg_timestamp /dev/sg0", ""),
          tool("sg_rtpg --decode /dev/sg0", "active/optimized"),
          tool("sg_sync /dev/sg0", ""),
          tool("sg_verify --lba=0 --count=64 /dev/sg0", ""),
          tool("sg_write_same --10 --lba=0x10 --num=8 --in=/dev/zero --xferlen=512 /dev/sg0", ""),
          tool("sg_unmap --force --lba=0 --num=8 /dev/sg0", ""),
          tool("sg_get_lba_status --lba=0 /dev/sg0", ""),
          tool("sg_persist --out --register --param-sark=0x1234 /dev/sg0", ""),
          tool("sg_persist --in --read-keys /dev/sg0", "0x1234"),
          tool("sg_persist --out --reserve --param-rk=0x1234 --prout-type=5 /dev/sg0", ""),
          tool("sg_persist --in --read-reservation /dev/sg0", "Write Exclusive, registrants only"),
          tool("sg_persist --out --clear --param-rk=0x1234 /dev/sg0", ""),
          tool("sg_reset --device /dev/sg0", ""));

  private static String[] tool(String command, String words) {
    return new String[] {command, words};
  }

  private static String script() {
    StringBuilder tools = new StringBuilder();
    for (String[] tool : TOOLS) {
      tools.append("pass \"%s\" %s%n".formatted(tool[0], tool[0]));
    }
    return SCRIPT.replace("SG_TOOLS", tools);
  }

  @Test
  void diskIsFoundLoadedPluggedGrownAndAskedForEverything() throws Exception {
    Path first = lab.image("first.img", 32 * MIB);
    Path second = lab.image("second.img", 32 * MIB);
    Path third = lab.image("third.img", 32 * MIB);
    MillraceServer server =
        MillraceServer.serve(
            lab,
            List.of(
                "--scsi=vm0.sock=first.img",
                "--scsi=vm0.sock=second.img",
                "--blk=tools.sock=" + GuestImage.run("sg3.sh") + ",readonly",
                "--rpc-socket=rpc.sock"),
            List.of("vm0.sock", "tools.sock", "rpc.sock"));
    Guest guest =
        Guest.named("guest").scsi("vm0.sock", 2).disk("tools.sock", 1).script(script()).start(lab);

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
    for (String[] tool : TOOLS) {
      String start = "PASS " + tool[0] + ":";
      assertThat(guest.report())
          .as(tool[0])
          .anySatisfy(line -> assertThat(line).startsWith(start).contains(tool[1]));
    }
    // What the guest still wanted of the disk that was taken away cannot go well.
    assertThat(
            guest.report().stream()
                .filter(line -> line.startsWith("KERNEL ") && !line.contains("[sdc]")))
        .noneMatch(
            line -> line.toLowerCase(Locale.ROOT).matches(".*(error|fail|invalid|illegal).*"));
  }
}
