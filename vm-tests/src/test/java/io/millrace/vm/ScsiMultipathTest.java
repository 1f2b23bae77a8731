package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * One Linux guest with two ways to one logical unit: by its names it sees that it is one, and its
 * device mapper works on over the way that is left.
 */
class ScsiMultipathTest {
  @RegisterExtension final Lab lab = new Lab();

  private static final long MIB = 1 << 20;
  private static final long OFFSET = MIB; // of the loaded region, in bytes
  private static final long BYTES = 8 * MIB;

  private static final String SCRIPT =
      """
      modules sd_mod sg virtio_scsi dm-multipath dm-round-robin
      await_file /dev/vda
      await_file /dev/vdb
      tools /dev/vda
      tools /dev/vdb
      for host in 0 1; do
        path=/sys/class/scsi_device/$host:0:0:0/device
        await_file $path/scsi_generic
        sg=/dev/$(ls $path/scsi_generic)
        say "INFO wwid-$host $(cat $path/wwid)"
        say "INFO unit-$host $(sg_vpd --page=di_lu $sg | tr '\\n' ' ')"
        say "INFO serial-$host $(sg_vpd --page=sn --quiet $sg | tr '\\n' ' ')"
        say "INFO port-$host $(sg_vpd --page=di_port $sg | tr '\\n' ' ')"
      done

      # disk HOST: the disk of this controller. await_disk HOST: until it is there. table HOST...: a map over these, each I/O to the next.
      await_disk() { await_file /sys/class/scsi_device/$1:0:0:0/device/block && await_file /dev/$(disk $1); }
      disk() { ls /sys/class/scsi_device/$1:0:0:0/device/block; }
      table() {
        local host paths=
        for host in "$@"; do paths="$paths /dev/$(disk $host) 1"; done
        echo "0 131072 multipath 0 0 1 1 round-robin 0 $# 1$paths"
      }
      # done_by DISK: requests that it has finished. loads: the verified loads so far.
      done_by() { awk '{print $1 + $5}' /sys/block/$1/stat; }
      loads() { cat /tmp/loads; }
      await_more_loads() {
        local tries=0 enough=$(($(loads) + 2))
        until [ $(loads) -ge $enough ]; do
          tries=$((tries + 1))
          [ $tries -lt 1200 ] || { say "FAIL the load does not go on"; return 1; }
          usleep 50000
        done
      }
      # both_work: each disk of the map moves on while the load does.
      both_work() {
        local first=$(disk 0) second=$(disk 1)
        local before0=$(done_by $first) before1=$(done_by $second)
        await_more_loads
        [ $(done_by $first) -gt $((before0 + 20)) ] && [ $(done_by $second) -gt $((before1 + 20)) ]
      }
      # lose HOST, back HOST: the path goes or comes while the load runs.
      lose() {
        local node=/dev/$(disk $1)
        say "READY to lose $1"
        await_gone $node
        await_more_loads
        say "INFO status-$1 $(dmsetup status both)"
      }
      back() {
        say "READY to have $1 back"
        await_disk $1
        pass "another map" dmsetup load both --table "$(table 0 1)"
        pass "its use" dmsetup resume --noudevsync both
        pass "both work with $1 back" both_work
      }

      await_disk 0
      await_disk 1
      pass "a map over both" dmsetup create --noudevsync both --table "$(table 0 1)"
      echo 0 >/tmp/loads
      {
        while [ ! -e /tmp/stop ] &&
          blkload load /dev/dm-0 --offset OFFSET --length BYTES --bytes 8388608 --threads 4 >/tmp/load
        do
          echo $(($(loads) + 1)) >/tmp/loads.next
          mv /tmp/loads.next /tmp/loads
        done
        [ -e /tmp/stop ] || say "FAIL the load: $(cat /tmp/load)"
      } &
      pass "both work" both_work
      lose 0
      back 0
      lose 1
      back 1
      touch /tmp/stop
      wait
      pass "the data afterwards" blkload verify /dev/dm-0 --offset OFFSET --length BYTES
      say "INFO loads $(loads)"
      """
          .replace("OFFSET", Long.toString(OFFSET))
          .replace("BYTES", Long.toString(BYTES));

  @Test
  void loadGoesOnOverTheOtherPathWhileOneIsTakenAwayAndComesBack() throws Exception {
    Path image = SharedDisk.image(lab);
    MillraceServer server = SharedDisk.serve(lab);
    Guest guest =
        Guest.named("guest")
            .scsi("vm0.sock", 2)
            .scsi("vm1.sock", 2)
            .tools("sg3.sh")
            .tools("dm.sh")
            .script(SCRIPT)
            .start(lab);

    for (int path = 0; path < 2; path++) {
      guest.await("READY to lose " + path);
      SharedDisk.remove(lab, "vm%d.sock".formatted(path));
      guest.await("READY to have " + path + " back");
      SharedDisk.add(lab, "vm%d.sock".formatted(path));
    }
    guest.awaitEnd();

    assertThat(guest.info("status-0")).contains(" 8:0 F ", " 8:16 A "); // failed, active
    assertThat(guest.info("status-1")).contains(" 8:16 F ", " 8:32 A "); // the first is new
    for (String name : new String[] {"wwid", "unit", "serial"}) {
      assertThat(guest.info(name + "-0")).isNotEmpty().isEqualTo(guest.info(name + "-1"));
    }
    assertThat(guest.info("wwid-0")).startsWith("t10.MILLRACE");
    assertThat(guest.info("port-0")).isNotEmpty().isNotEqualTo(guest.info("port-1"));
    SectorPattern.assertHolds(image, OFFSET, BYTES, 1, 1);
    SectorPattern.assertZero(image, 0, OFFSET);
    SectorPattern.assertZero(image, OFFSET + BYTES, SharedDisk.BYTES - OFFSET - BYTES);
    assertThat(server.terminate()).isZero();
  }
}
