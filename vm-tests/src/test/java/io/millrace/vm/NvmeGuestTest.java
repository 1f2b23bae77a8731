package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One guest, one boot, on two namespaces of an NVMe controller that QEMU emulates: verified load
 * over resets of the controller, then a namespace goes, then the controller. A disk of another kind
 * goes on all the while.
 */
class NvmeGuestTest {
  @RegisterExtension static final Lab LAB = new Lab();

  private static final JsonMapper JSON = new JsonMapper();
  private static final long MIB = 1 << 20;
  private static final long MEMORY_BYTES = 256 * MIB;
  private static final long LOADED_BYTES = 4 * MIB;
  private static final int RESETS = 3;

  private static final int COMMAND_BYTES = 64;
  private static final int NAMESPACE_ATTACHMENT = 0x15; // base 2.0 §5.13
  private static final int CONTROLLER_LIST_BYTES = 4096;
  private static final int DETACH = 1;
  private static final String SUCCESS = "A".repeat(22) + "=="; // a completion of zeroes

  private static final String SCRIPT =
      """
      for disk in vda vdb vdc vdd; do await_file /dev/$disk; done
      for disk in vda vdb; do
        say "INFO block-$disk $(cat /sys/block/$disk/queue/logical_block_size)"
      done
      tools /dev/vdd

      # load NAME DISK: until the disk fails; says how far it got, and how it ended.
      load() {
        { blkload rounds /dev/$2 --length LOADED_BYTES --threads 4; echo "ended $?"; } 2>&1 |
          while read line; do say "$1 $line"; done
      }
      load small vda &
      small=$!
      load large vdb &
      large=$!
      blkload rounds /dev/vdc --length LOADED_BYTES --threads 2 >/tmp/vdc.out 2>&1 &
      bystander=$!

      {
        echo "[global]"
        for option in direct=1 ioengine=libaio rw=randwrite bs=4k iodepth=16 offset=8m size=4m \\
          fsync=128 verify=crc32c verify_fatal=1 do_verify=1; do
          echo $option
        done
        for disk in vda vdb; do printf '[%s]\\nfilename=/dev/%s\\n' $disk $disk; done
      } >/tmp/jobs
      say "READY for resets"
      pass "fio over resets" fio --minimal --output=/tmp/terse /tmp/jobs
      # Terse version 3: job, error, KiB read, KiB written.
      cut -d';' -f3,5,6,47 /tmp/terse | while read line; do say "FIO $line"; done

      say "READY to lose a namespace"
      wait $small
      refuse "a read of vda" dd if=/dev/vda of=/dev/null bs=4096 count=1 iflag=direct
      say "READY to lose the controller"
      wait $large
      refuse "a read of vdb" dd if=/dev/vdb of=/dev/null bs=4096 count=1 iflag=direct

      pass "the bystander goes on" kill $bystander
      wait $bystander
      pass "the bystander's data" blkload verify /dev/vdc --length LOADED_BYTES
      """
          .replace("LOADED_BYTES", Long.toString(LOADED_BYTES));

  private static final String CONFIGURATION =
      """
      {"subsystems": [
        {"subsystem": "bdev", "config": [
          {"method": "bdev_nvme_attach_controller", "params": {
            "name": "Nvme0", "trtype": "PCIe", "traddr": "ADDRESS"}}]},
        {"subsystem": "vhost_blk", "config": [
          {"method": "vhost_create_blk_controller", "params": {"ctrlr": "vm0.sock", "dev_name": "Nvme0n1"}},
          {"method": "vhost_create_blk_controller", "params": {"ctrlr": "vm1.sock", "dev_name": "Nvme0n2"}}]}]}
      """;

  private static final List<Long> bouncedBytes = new ArrayList<>();
  private static final List<String> disksAtTheEnd = new ArrayList<>();
  private static MillraceServer server;
  private static Guest guest;

  @BeforeAll
  static void guestUsesNamespaces() throws Exception {
    LAB.image("small.img", 16 * MIB);
    LAB.image("large.img", 16 * MIB);
    LAB.image("bystander.img", 16 * MIB);
    Path memory = LAB.memoryPath("guest", MEMORY_BYTES);
    NvmeMachine machine =
        NvmeMachine.start(
            LAB,
            memory,
            MEMORY_BYTES,
            "small.img,logical_block_size=512",
            "large.img,logical_block_size=4096,physical_block_size=4096");
    Files.writeString(LAB.path("nvme.json"), CONFIGURATION.replace("ADDRESS", machine.address()));
    server =
        MillraceServer.serve(
            LAB,
            List.of(
                "--blk=vm2.sock=bystander.img",
                "--blk=vm3.sock=" + GuestImage.run("fio.sh") + ",readonly",
                "--config=nvme.json",
                "--rpc-socket=rpc.sock"),
            List.of("vm0.sock", "vm1.sock", "vm2.sock", "vm3.sock", "rpc.sock"));
    Guest.Builder builder = Guest.named("guest").memoryFile(memory);
    for (int i = 0; i < 4; i++) {
      builder.disk("vm" + i + ".sock", 2);
    }
    guest = builder.script(SCRIPT).start(LAB);

    awaitLine("READY for resets");
    for (int i = 0; i < RESETS; i++) {
      awaitProgress();
      rpc("bdev_nvme_reset_controller", "{\"name\": \"Nvme0\"}");
    }
    awaitProgress();
    awaitLine("READY to lose a namespace");
    bouncedBytes.add(bounced("Nvme0n1"));
    detachNamespace(1);
    awaitLine("READY to lose the controller");
    bouncedBytes.add(bounced("Nvme0n2"));
    machine.unplug();
    guest.awaitEnd();
    rpc("bdev_get_bdevs", "{}").forEach(disk -> disksAtTheEnd.add(disk.get("name").asString("")));
  }

  /** The drive's own command, which an operator may send; the driver hears of it by an event. */
  private static void detachNamespace(int nsid) throws Exception {
    ByteBuffer command = ByteBuffer.allocate(COMMAND_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    command.put(0, (byte) NAMESPACE_ATTACHMENT).putInt(4, nsid).putInt(40, DETACH);
    ByteBuffer controllers = ByteBuffer.allocate(CONTROLLER_LIST_BYTES);
    controllers.put(0, (byte) 1); // one, whose id is 0
    Base64.Encoder base64 = Base64.getUrlEncoder();
    JsonNode answer =
        rpc(
            "bdev_nvme_send_cmd",
            """
            {"name": "Nvme0", "cmd_type": "admin", "data_direction": "h2c", "cmdbuf": "%s",
             "data": "%s"}
            """
                .formatted(
                    base64.encodeToString(command.array()),
                    base64.encodeToString(controllers.array())));
    assertThat(answer.get("cpl").asString("")).isEqualTo(SUCCESS);
  }

  private static JsonNode rpc(String method, String parameters) throws Exception {
    MillraceServer.rpc(LAB, method, parameters);
    return JSON.readTree(Files.readString(LAB.path("rpc.log")));
  }

  private static long bounced(String disk) throws Exception {
    JsonNode shown = rpc("bdev_get_bdevs", "{\"name\": \"" + disk + "\"}");
    return shown.at("/0/driver_specific/nvme/0/bounced_bytes").asLong(-1);
  }

  private static void awaitLine(String line) {
    Await.until("the guest to say " + line, Guest.LIMIT, () -> guest.report().contains(line));
  }

  /** Returns when both loads have written and flushed everything once since now. */
  private static void awaitProgress() {
    long small = durable("small");
    long large = durable("large");
    Await.until(
        "both loads to go on",
        Guest.LIMIT,
        () -> durable("small") >= small + 2 && durable("large") >= large + 2);
  }

  /** The last generation that a load flushed; 0 before the first. */
  private static long durable(String load) {
    String start = load + " durable ";
    return guest.report().stream()
        .filter(line -> line.startsWith(start))
        .mapToLong(line -> Long.parseLong(line.substring(start.length()).strip()))
        .max()
        .orElse(0);
  }

  @Test
  void disksHaveTheBlocksOfTheirNamespaces() {
    assertThat(guest.info("block-vda")).isEqualTo("512");
    assertThat(guest.info("block-vdb")).isEqualTo("4096");
  }

  @ParameterizedTest
  @CsvSource({"vda", "vdb"})
  void fioVerifiesWhatItWroteWhileTheControllerIsReset(String disk) {
    assertThat(guest.report()).contains("FIO " + disk + ";0;4096;4096");
  }

  @ParameterizedTest
  @CsvSource({"small", "large"})
  void imageHoldsWhatTheGuestFlushedOverResetsAndTheEnd(String load) {
    assertThat(durable(load)).isGreaterThan(2 * RESETS);
    SectorPattern.assertHolds(LAB.path(load + ".img"), 0, LOADED_BYTES, 1, durable(load));
  }

  @Test
  void controllerReachesTheGuestsMemoryItself() {
    assertThat(bouncedBytes).containsExactly(0L, 0L);
  }

  @Test
  void namespaceThatGoesEndsItsOwnDiskOnly() {
    List<String> report = guest.report();
    int gone = report.indexOf("small ended 4"); // of blkload: an I/O error; wrong data would be 3

    assertThat(report.subList(0, report.indexOf("READY to lose a namespace")))
        .noneMatch(line -> line.contains("ended"));
    assertThat(gone).isPositive();
    assertThat(report.subList(gone, report.size()))
        .anyMatch(line -> line.startsWith("large durable"))
        .anyMatch(line -> line.matches("PASS a read of vda:.*Input/output error.*"));
  }

  @Test
  void controllerThatIsPulledOutEndsItsDisks() {
    assertThat(guest.report())
        .contains("large ended 4")
        .anyMatch(line -> line.matches("PASS a read of vdb:.*Input/output error.*"));
    assertThat(Lab.read(LAB.path("server.log")))
        .contains("the device is gone", "Nvme0: its disks are removed");
  }

  @Test
  void diskOfAnotherKindIsNotDisturbed() {
    assertThat(guest.report())
        .anyMatch(line -> line.startsWith("PASS the bystander goes on"))
        .anyMatch(line -> line.startsWith("PASS the bystander's data: verify"));
  }

  @Test
  void serverGoesOnWithItsOtherDisksAndEndsWell() throws Exception {
    assertThat(disksAtTheEnd).containsExactlyInAnyOrder("vm2.sock", "vm3.sock");
    assertThat(server.terminate()).isZero();
  }
}
