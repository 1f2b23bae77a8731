package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One guest, one boot, a disk for each way to use a ring: split and packed, with and without
 * indirect tables, with and without EVENT_IDX, one queue and four. fio writes and verifies all of
 * them at once; the guest's kernel says what was negotiated.
 */
class RingMatrixTest {
  @RegisterExtension static final Lab LAB = new Lab();

  private static final long IMAGE_BYTES = 16 << 20;
  private static final int INDIRECT_DESC = 28;
  private static final int EVENT_IDX = 29;
  private static final int RING_PACKED = 34;

  /** A disk of the matrix. */
  record Cell(int number, boolean packed, boolean indirect, boolean events, int queues) {
    String disk() {
      return "vd" + (char) ('a' + number);
    }

    String socket() {
      return "vm" + number + ".sock";
    }

    String properties() {
      return "packed=%s,indirect_desc=%s,event_idx=%s"
          .formatted(onOff(packed), onOff(indirect), onOff(events));
    }

    private static String onOff(boolean on) {
      return on ? "on" : "off";
    }

    @Override
    public String toString() {
      return disk() + ": " + properties() + ", " + queues + " queues";
    }
  }

  static Stream<Cell> cells() {
    return Stream.iterate(0, i -> i < 16, i -> i + 1)
        .map(i -> new Cell(i, (i & 1) != 0, (i & 2) != 0, (i & 4) != 0, (i & 8) != 0 ? 4 : 1));
  }

  private static final String SCRIPT =
      """
      disks="DISKS"
      for disk in $disks TOOLS; do await_file /dev/$disk; done
      for disk in $disks; do
        say "INFO features-$disk $(cat /sys/block/$disk/device/features)"
        say "INFO queues-$disk $(ls /sys/block/$disk/mq | wc -l)"
      done
      mkdir /tmp/tools
      pass "a mount of the disk with fio" mount -t ext4 -o ro,noload /dev/TOOLS /tmp/tools
      {
        echo "[global]"
        for option in direct=1 ioengine=libaio rw=randwrite bsrange=512-64k iodepth=16 size=4m \\
          fsync=64 verify=crc32c verify_fatal=1 do_verify=1; do
          echo $option
        done
        for disk in $disks; do printf '[%s]\\nfilename=/dev/%s\\n' $disk $disk; done
      } >/tmp/jobs
      pass "fio on all disks" /tmp/tools/lib/ld.so --library-path /tmp/tools/lib \\
        /tmp/tools/bin/fio --minimal --output=/tmp/terse /tmp/jobs
      # Terse version 3: job, error, KiB read, KiB written.
      cut -d';' -f3,5,6,47 /tmp/terse | while read line; do say "FIO $line"; done
      """
          .replace("DISKS", cells().map(Cell::disk).collect(Collectors.joining(" ")))
          .replace("TOOLS", "vdq");

  private static MillraceServer server;
  private static Guest guest;

  @BeforeAll
  static void guestRunsFio() throws Exception {
    List<String> options = new ArrayList<>();
    Guest.Builder builder = Guest.named("matrix").cpus(4);
    for (Cell cell : cells().toList()) {
      String image = "matrix" + cell.number + ".img";
      LAB.image(image, IMAGE_BYTES);
      options.add("--blk=" + cell.socket() + "=" + image);
      builder.disk(cell.socket(), cell.queues, cell.properties());
    }
    options.add("--blk=tools.sock=" + GuestImage.run("fio.sh") + ",readonly");
    builder.disk("tools.sock", 1);
    server = MillraceServer.serve(LAB, options, List.of("vm0.sock", "tools.sock"));
    guest = builder.script(SCRIPT).start(LAB);
    guest.awaitEnd();
  }

  @ParameterizedTest
  @MethodSource("cells")
  void theGuestNegotiated(Cell cell) {
    String features = guest.info("features-" + cell.disk());

    assertThat(features.charAt(RING_PACKED)).isEqualTo(cell.packed ? '1' : '0');
    assertThat(features.charAt(INDIRECT_DESC)).isEqualTo(cell.indirect ? '1' : '0');
    assertThat(features.charAt(EVENT_IDX)).isEqualTo(cell.events ? '1' : '0');
    assertThat(guest.info("queues-" + cell.disk())).isEqualTo(Integer.toString(cell.queues));
  }

  @ParameterizedTest
  @MethodSource("cells")
  void fioVerifiesWhatItWroteOn(Cell cell) {
    assertThat(guest.report()).contains("FIO " + cell.disk() + ";0;4096;4096");
  }

  @Test
  void theServerEndsWellAfterItsGuestHasGone() throws Exception {
    assertThat(server.terminate()).isZero();
  }
}
