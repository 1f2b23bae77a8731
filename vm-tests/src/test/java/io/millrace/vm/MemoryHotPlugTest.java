package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LONG;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A DIMM that comes to a running guest and goes again, by QMP, under verified load. */
class MemoryHotPlugTest {
  @RegisterExtension final Lab lab = new Lab();

  private static final long MIB = 1 << 20;
  private static final long DIMM_BYTES = 384 * MIB; // as large as no other region
  private static final long OFFSET = MIB; // of the loaded region, in bytes
  private static final long BYTES = 16 * MIB; // of the loaded region

  /**
   * One load runs all the time; the buffers of one that begins when the DIMM is there are in it, as
   * the kernel takes movable memory for programs first, and can empty it again.
   */
  private static final String SCRIPT =
      """
      total() { awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo; }
      await_total() {
        local tries=0
        until [ $(total) $1 $2 ]; do
          tries=$((tries + 1))
          [ $tries -lt 1200 ] || { say "FAIL the guest has $(total) MiB"; return 1; }
          usleep 50000
        done
      }
      await_file /dev/vda
      echo online_movable >/sys/devices/system/memory/auto_online_blocks
      before=$(total)
      blkload rounds /dev/vda REGION --threads 4 >&3 &
      say "READY for memory"
      await_total -gt $((before + 300))
      say "PLUGGED $(total)"
      pass "load in the new memory" blkload load /dev/vda --offset 33554432 --length 16777216 --bytes 33554432 --threads 8
      say "READY to lose it"
      await_total -lt $((before + 100))
      say "UNPLUGGED $(total)"
      pass "load without it" blkload load /dev/vda --offset 33554432 --length 16777216 --bytes 16777216 --threads 8
      kill $!
      wait $!
      pass "data of the load that never stopped" blkload verify /dev/vda REGION
      """
          .replace("REGION", "--offset %d --length %d".formatted(OFFSET, BYTES));

  @Test
  void memoryIsPluggedUsedAndUnpluggedWhileDisksAreBusy() throws Exception {
    Path image = lab.image("disk.img", 64 * MIB);
    MillraceServer server = MillraceServer.serve(lab, "vm0.sock=disk.img");
    Guest guest =
        Guest.named("guest")
            .memory("256M,slots=4,maxmem=1G")
            .disk("vm0.sock", 2)
            .script(SCRIPT)
            .start(lab);
    guest.await("READY for memory");
    guest.await("durable");
    try (Qmp qmp = guest.qmp()) {
      assertThat(server.residentKib(DIMM_BYTES)).isEmpty();
      plug(qmp);
      guest.await("PLUGGED");
      guest.await("PASS load in the new memory");
      assertThat(server.residentKib(DIMM_BYTES)).singleElement(LONG).isPositive();
      guest.await("READY to lose it");
      unplug(qmp);
      guest.await("UNPLUGGED");
      assertThat(server.residentKib(DIMM_BYTES)).isEmpty();
    }

    guest.awaitEnd();
    SectorPattern.assertHolds(image, OFFSET, BYTES, 1, guest.durableGeneration());
    assertThat(server.terminate()).isZero();
  }

  private static void plug(Qmp qmp) throws IOException, InterruptedException {
    qmp.execute(
        "object-add",
        Map.of(
            "qom-type", "memory-backend-memfd", "id", "dimm", "size", DIMM_BYTES, "share", true));
    qmp.execute("device_add", Map.of("driver", "pc-dimm", "id", "slot", "memdev", "dimm"));
  }

  /** Returns when the guest has given the DIMM up and QEMU has let go of it. */
  private static void unplug(Qmp qmp) throws IOException, InterruptedException {
    qmp.execute("device_del", Map.of("id", "slot"));
    qmp.awaitDeleted("slot");
    qmp.execute("object-del", Map.of("id", "dimm"));
  }
}
