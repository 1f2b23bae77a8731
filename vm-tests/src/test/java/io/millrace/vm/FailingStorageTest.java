package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * One guest, one boot: disks that are removed from below it under load, a file system on a disk
 * that fails and recovers, and one disk that goes on all the while.
 */
class FailingStorageTest {
  @RegisterExtension static final Lab LAB = new Lab();

  private static final long MIB = 1 << 20;
  private static final int EXIT_IO = 4; // of blkload: an I/O error; wrong data would be 3

  private static final String SCRIPT =
      """
      for disk in vda vdb vdc vdd; do await_file /dev/$disk; done
      # await NAME COMMAND...: until the command succeeds, up to 20 s.
      await() {
        local name=$1 tries=0
        shift
        until "$@" >/dev/null 2>&1; do
          tries=$((tries + 1))
          [ $tries -lt 400 ] || { say "FAIL $name"; return 1; }
          usleep 50000
        done
        say "PASS $name"
      }
      blkload rounds /dev/vdd --length 8388608 --threads 2 >/tmp/vdd.out 2>&1 &
      bystander=$!

      lose() {
        blkload rounds /dev/$1 --length 8388608 --threads 8 >/tmp/$1.out 2>&1 &
        local load=$!
        await "load on $1" grep durable /tmp/$1.out
        say "READY to lose $1"
        wait $load
        equal "end of the load on $1" EXIT_IO $?
        refuse "a read of $1" dd if=/dev/$1 of=/dev/null bs=4096 count=1 iflag=direct
      }
      lose vda
      lose vdb

      mkdir /tmp/fs
      pass "a mount" mount -t ext4 -o errors=remount-ro /dev/vdc /tmp/fs
      head -c 1048576 /dev/urandom >/tmp/kept
      pass "the file to keep" dd if=/tmp/kept of=/tmp/fs/kept bs=64k conv=fsync
      count=0
      while dd if=/tmp/kept of=/tmp/fs/load.$((count % 4)) bs=64k conv=fsync 2>/tmp/load.err; do
        count=$((count + 1))
        if [ $count = 2 ]; then say "READY to fail"; fi
      done
      say "INFO load.error $(line /tmp/load.err)"
      # A new file each time: times of one that is there change in memory, whatever the disk does.
      refuses() { count=$((count + 1)); ! touch /tmp/fs/more.$count; }
      await "the file system refuses writers" refuses
      refuse "one more file" touch /tmp/fs/other
      pass "the kernel's word" sh -c 'dmesg | grep "EXT4-fs (vdc): Remounting filesystem read-only"'
      pass "an unmount" umount /tmp/fs
      refuse "a mount of the failing disk" mount -t ext4 /dev/vdc /tmp/fs

      say "READY to recover"
      await "a mount of the recovered disk" mount -t ext4 -o errors=remount-ro /dev/vdc /tmp/fs
      pass "the kept file" cmp /tmp/kept /tmp/fs/kept
      pass "a new file" dd if=/tmp/kept of=/tmp/fs/new bs=64k conv=fsync
      pass "the last unmount" umount /tmp/fs

      pass "the bystander goes on" kill $bystander
      wait $bystander
      pass "the bystander's data" blkload verify /dev/vdd --length 8388608
      """
          .replace("EXIT_IO", Integer.toString(EXIT_IO));

  private static final String CONFIGURATION =
      """
      {"subsystems": [
        {"subsystem": "bdev", "config": [
          {"method": "bdev_malloc_create", "params": {
            "name": "Memory", "block_size": 512, "num_blocks": 32768}},
          {"method": "bdev_aio_create", "params": {"name": "File", "filename": "file.img"}},
          {"method": "bdev_aio_create", "params": {"name": "Disk", "filename": "ext4.img"}},
          {"method": "bdev_error_create", "params": {"base_name": "Disk"}}]},
        {"subsystem": "vhost_blk", "config": [
          {"method": "vhost_create_blk_controller", "params": {"ctrlr": "vm0.sock", "dev_name": "Memory"}},
          {"method": "vhost_create_blk_controller", "params": {"ctrlr": "vm1.sock", "dev_name": "File"}},
          {"method": "vhost_create_blk_controller", "params": {"ctrlr": "vm2.sock", "dev_name": "EE_Disk"}}]}]}
      """;

  private static MillraceServer server;
  private static Guest guest;

  @BeforeAll
  static void guestLosesItsDisks() throws Exception {
    LAB.image("file.img", 16 * MIB);
    LAB.image("ext4.img", 64 * MIB);
    LAB.output("sh", "-c", "PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 ext4.img");
    LAB.image("bystander.img", 16 * MIB);
    Files.writeString(LAB.path("config.json"), CONFIGURATION);
    server =
        MillraceServer.serve(
            LAB,
            List.of(
                "--blk=vm3.sock=bystander.img", "--config=config.json", "--rpc-socket=rpc.sock"),
            List.of("vm0.sock", "vm1.sock", "vm2.sock", "vm3.sock", "rpc.sock"));
    Guest.Builder builder = Guest.named("guest");
    for (int i = 0; i < 4; i++) {
      builder.disk("vm" + i + ".sock", 2);
    }
    guest = builder.script(SCRIPT).start(LAB);

    guest.await("READY to lose vda");
    MillraceServer.rpc(LAB, "bdev_malloc_delete", "{\"name\": \"Memory\"}");
    guest.await("READY to lose vdb");
    MillraceServer.rpc(LAB, "bdev_aio_delete", "{\"name\": \"File\"}");
    guest.await("READY to fail");
    inject("all");
    guest.await("READY to recover");
    inject("clear");
    guest.awaitEnd();
  }

  private static void inject(String types) throws Exception {
    MillraceServer.rpc(
        LAB,
        "bdev_error_inject_error",
        "{\"name\": \"EE_Disk\", \"io_type\": \"%s\", \"error_type\": \"failure\", \"num\": 4294967295}"
            .formatted(types));
  }

  @Test
  void loadOnARemovedDiskEndsWithAnErrorAndSoDoesWhatComesLater() {
    assertThat(guest.report())
        .contains("PASS end of the load on vda: 4", "PASS end of the load on vdb: 4")
        .anyMatch(line -> line.matches("PASS a read of vda:.*Input/output error.*"))
        .anyMatch(line -> line.matches("PASS a read of vdb:.*Input/output error.*"));
  }

  @Test
  void fileSystemOnFailingStorageFailsItsWritersAndGoesReadOnly() {
    assertThat(guest.info("load.error"))
        .containsAnyOf("Input/output error", "Read-only file system");
    assertThat(guest.report())
        .contains("PASS the file system refuses writers")
        .anyMatch(line -> line.matches("PASS one more file:.*(Input/output|Read-only).*"))
        .anyMatch(line -> line.startsWith("PASS the kernel's word"));
  }

  @Test
  void diskThatRecoversIsMountedAgainWithWhatWasSynced() {
    assertThat(guest.report())
        .contains("PASS a mount of the recovered disk")
        .anyMatch(line -> line.startsWith("PASS the kept file"))
        .anyMatch(line -> line.startsWith("PASS a new file"));
  }

  @Test
  void diskBesideThemIsNotDisturbed() {
    assertThat(guest.report())
        .anyMatch(line -> line.startsWith("PASS the bystander goes on"))
        .anyMatch(line -> line.startsWith("PASS the bystander's data: verify"));
  }

  @Test
  void serverEndsWellAfterAllThat() throws Exception {
    assertThat(server.terminate()).isZero();
  }
}
