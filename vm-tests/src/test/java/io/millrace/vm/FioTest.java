package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * One guest, one boot, a disk of every kind: fio, which is not ours, writes each at random and
 * verifies it. fio itself comes from one more disk.
 */
class FioTest {
  @RegisterExtension static final Lab LAB = new Lab();

  private static final long MIB = 1 << 20;
  private static final long IMAGE_BYTES = 16 * MIB;
  private static final long CORRUPTED_BYTE = 2 * MIB + 1234; // of what fio wrote to vda
  private static final long SIGNAL_OFFSET = 8 * MIB; // of vda; fio uses the first 4 MiB

  private static final String SCRIPT =
      """
      disks="vda vdb vdc vdd vde vdf vdg vdh vdi"
      for disk in $disks vdj; do await_file /dev/$disk; done
      tools /dev/vdj
      jobs() {
        echo "[global]"
        for option in direct=1 ioengine=libaio rw=randwrite bs=4k iodepth=16 size=4m fsync=128 \\
          verify=crc32c verify_fatal=1 do_verify=1; do
          echo $option
        done
        for disk in "$@"; do printf '[%s]\\nfilename=/dev/%s\\n' $disk $disk; done
      }
      jobs $disks >/tmp/all
      pass "fio on all disks" fio --minimal --output=/tmp/terse /tmp/all
      # Terse version 3: job, error, KiB read, KiB written.
      cut -d';' -f3,5,6,47 /tmp/terse | while read line; do say "FIO $line"; done

      jobs vda >/tmp/corrupted
      jobs vdb >/tmp/sound
      say "READY to be corrupted"
      tries=0
      until dd if=/dev/vda bs=512 skip=16384 count=1 iflag=direct 2>/dev/null | grep -q corrupted; do
        tries=$((tries + 1))
        [ $tries -lt 400 ] || { say "FAIL nobody corrupted vda"; break; }
        usleep 50000
      done
      pass "fio on what it wrote before" fio --minimal --verify_only /tmp/sound
      refuse "fio on what was corrupted" fio --minimal --verify_only /tmp/corrupted
      """;

  private static final String CONFIGURATION =
      """
      {"subsystems": [
        {"subsystem": "bdev", "config": [
          {"method": "bdev_aio_create", "params": {
            "name": "Large", "filename": "large.img", "block_size": 4096, "fallocate": true}},
          {"method": "bdev_malloc_create", "params": {
            "name": "Malloc", "block_size": 512, "num_blocks": 32768}},
          {"method": "bdev_uring_create", "params": {"name": "Uring", "filename": "uring.img"}},
          {"method": "bdev_passthru_create", "params": {
            "name": "Passthru", "base_bdev_name": "Uring"}},
          {"method": "bdev_aio_create", "params": {"name": "Slow", "filename": "slow.img"}},
          {"method": "bdev_delay_create", "params": {
            "name": "Delay", "base_bdev_name": "Slow", "avg_read_latency": 500,
            "p99_read_latency": 2000, "avg_write_latency": 500, "p99_write_latency": 2000}},
          {"method": "bdev_malloc_create", "params": {
            "name": "Whole", "block_size": 4096, "num_blocks": 4096}},
          {"method": "bdev_split_create", "params": {"base_bdev": "Whole", "split_count": 2}}]},
        {"subsystem": "vhost_blk", "config": [
          {"method": "vhost_create_blk_controller", "params": {"ctrlr": "vm4.sock", "dev_name": "Large"}},
          {"method": "vhost_create_blk_controller", "params": {"ctrlr": "vm5.sock", "dev_name": "Malloc"}},
          {"method": "vhost_create_blk_controller", "params": {"ctrlr": "vm6.sock", "dev_name": "Passthru"}},
          {"method": "vhost_create_blk_controller", "params": {"ctrlr": "vm7.sock", "dev_name": "Delay"}},
          {"method": "vhost_create_blk_controller", "params": {"ctrlr": "vm8.sock", "dev_name": "Wholep1"}}]}]}
      """;

  private static MillraceServer server;
  private static Guest guest;

  @BeforeAll
  static void guestRunsFio() throws Exception {
    for (String image : List.of("plain", "direct", "threads", "retry", "large", "uring", "slow")) {
      LAB.image(image + ".img", IMAGE_BYTES);
    }
    Files.writeString(LAB.path("config.json"), CONFIGURATION);
    server =
        MillraceServer.serve(
            LAB,
            List.of(
                "--blk=vm0.sock=plain.img",
                "--blk=vm1.sock=direct.img,direct",
                "--blk=vm2.sock=threads.img,engine=threads",
                "--blk=vm3.sock=retry.img,on-error=retry,io-timeout=30",
                "--blk=vm9.sock=" + GuestImage.run("fio.sh") + ",readonly",
                "--config=config.json"),
            List.of("vm0.sock", "vm8.sock", "vm9.sock"));
    Guest.Builder builder = Guest.named("guest");
    for (int i = 0; i < 10; i++) {
      builder.disk("vm" + i + ".sock", 1 + i % 2);
    }
    guest = builder.script(SCRIPT).start(LAB);
    guest.await("READY to be corrupted");
    corrupt(LAB.path("plain.img"));
    guest.awaitEnd();
  }

  /** Changes one byte of what fio wrote, and then tells the guest. */
  private static void corrupt(Path image) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(CORRUPTED_BYTE);
      int value = file.read();
      file.seek(CORRUPTED_BYTE);
      file.write(~value);
      file.seek(SIGNAL_OFFSET);
      file.write("corrupted\n".getBytes(StandardCharsets.US_ASCII));
    }
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource({
    "vda, an image",
    "vdb, an image past the page cache",
    "vdc, an image on threads",
    "vdd, an image whose failures are retried",
    "vde, an image of 4096-byte blocks",
    "vdf, memory",
    "vdg, passthru on io_uring",
    "vdh, delay",
    "vdi, the second half of a split",
  })
  void fioVerifiesEveryBlockItWroteOn(String disk, String kind) {
    assertThat(guest.report()).as(kind).contains("FIO " + disk + ";0;4096;4096");
  }

  @Test
  void fioNoticesOneByteThatWasChangedFromOutside() {
    assertThat(guest.report())
        .anyMatch(line -> line.startsWith("PASS fio on what it wrote before"))
        .anyMatch(line ->
            line.startsWith("PASS fio on what was corrupted")
                && line.contains("verify")
                && line.contains("2097152"));
  }

  @Test
  void serverEndsWellAfterItsGuestHasGone() throws Exception {
    assertThat(server.terminate()).isZero();
  }
}
