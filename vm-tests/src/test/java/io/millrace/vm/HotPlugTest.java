package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A disk that comes to a running guest and goes again, idle and under load, by QMP. */
class HotPlugTest {
  @RegisterExtension final Lab lab = new Lab();

  private static final long MIB = 1 << 20;
  private static final long OFFSET = MIB; // of the loaded region, in bytes
  private static final long BYTES = 16 * MIB; // of the loaded region
  private static final int EXIT_IO = 4; // of blkload: the disk has gone; wrong data would be 3

  private static final String SCRIPT =
      """
      say "READY for a disk"
      await_file /dev/vda
      equal "queues" 2 "$(ls /sys/block/vda/mq | wc -l)"
      pass "load" blkload load /dev/vda REGION --bytes 33554432 --threads 8
      say "READY to lose the idle disk"
      await_gone /dev/vda
      say "GONE once"
      await_file /dev/vda
      pass "data of the first time" blkload verify /dev/vda REGION
      blkload rounds /dev/vda REGION --threads 8 --generation 1000000 >&3
      equal "the end of the load" EXIT_IO $?
      await_gone /dev/vda
      say "GONE twice"
      await_file /dev/vda
      pass "data of the second time" blkload verify /dev/vda REGION --generation 1000000
      """
          .replace("REGION", "--offset %d --length %d".formatted(OFFSET, BYTES))
          .replace("EXIT_IO", Integer.toString(EXIT_IO));

  @Test
  void diskIsPluggedAndUnpluggedTwiceTheSecondTimeUnderLoad() throws Exception {
    Path image = lab.image("disk.img", 64 * MIB);
    MillraceServer server = MillraceServer.serve(lab, "vm0.sock=disk.img");
    Guest guest = Guest.named("guest").port("port0").script(SCRIPT).start(lab);
    guest.await("READY for a disk");
    try (Qmp qmp = guest.qmp()) {
      plug(qmp);
      guest.await("PASS load: verified");
      guest.await("READY to lose the idle disk");
      unplug(qmp);
      guest.await("GONE once");
      SectorPattern.assertHolds(image, OFFSET, BYTES, 1, 1);

      plug(qmp);
      guest.await("PASS data of the first time");
      guest.await("durable");
      guest.await("durable");
      unplug(qmp);
      guest.await("PASS the end of the load");
      guest.await("GONE twice");
      SectorPattern.assertHolds(image, OFFSET, BYTES, 1, guest.durableGeneration());

      plug(qmp); // the guest waits for it, so that it does not end before the disk has gone
      guest.await("PASS data of the second time");
    }

    guest.awaitEnd();
    assertThat(guest.durableGeneration()).isGreaterThan(1_000_000);
    assertThat(server.terminate()).isZero();
  }

  private static void plug(Qmp qmp) throws Exception {
    Map<String, ?> address = Map.of("type", "unix", "data", Map.of("path", "vm0.sock"));
    Map<String, ?> socket =
        Map.of("type", "socket", "data", Map.of("addr", address, "server", false));
    qmp.execute("chardev-add", Map.of("id", "socket", "backend", socket));
    qmp.execute(
        "device_add",
        Map.of(
            "driver",
            "vhost-user-blk-pci",
            "id",
            "disk",
            "chardev",
            "socket",
            "bus",
            "port0",
            "num-queues",
            2));
  }

  /** Returns when QEMU has let go of the disk and of its connection. */
  private static void unplug(Qmp qmp) throws Exception {
    qmp.execute("device_del", Map.of("id", "disk"));
    qmp.awaitDeleted("disk");
    qmp.execute("chardev-remove", Map.of("id", "socket"));
  }
}
