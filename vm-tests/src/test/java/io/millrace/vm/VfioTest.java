package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * One guest, one boot, with an IOMMU and two NVMe drives, and Millrace in it: the kernel's VFIO and
 * its driver nvme for real. Run by {@code make test-vfio}.
 *
 * <p>The guest's script is the steps below one after the other. Each reports by {@code pass} and
 * the other functions of {@code vm-tests/guest/init}; one that uses the drives goes between {@link
 * #BIND} and {@link #GIVE_BACK}.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class VfioTest {
  @RegisterExtension static final Lab LAB = new Lab();

  private static final long MIB = 1 << 20;

  /** Drives, and functions for the steps that follow. */
  private static final String START =
      """
      free=0000:01:00.0
      mounted=0000:02:00.0
      for disk in vda nvme0n1 nvme1n1; do await_file /dev/$disk; done
      mkdir -p /program /data /lib
      pass "the disk with Millrace" mount -t ext4 -o ro /dev/vda /program
      ln -s /program/lib64 /lib64
      ln -s /program/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu
      mkdir -p /sbin
      ln -s /bin/busybox /sbin/modprobe
      export PATH=$PATH:/program/millrace/bin
      ifconfig lo 127.0.0.1

      # short ARGUMENTS...: a command of Millrace that ends soon, without compilers: in an emulated
      # processor they take longer than they save. One that moves data is called as millrace.
      echo "-XX:AOTCache=/program/millrace/lib/millrace.aot -Xint" >/tmp/short
      short() { MILLRACE_AOT=@/tmp/short millrace "$@"; }

      # timed NAME COMMAND...: and says how many seconds it took.
      timed() {
        local name=$1 from=$(now)
        shift
        "$@"
        say "INFO seconds $name $(echo "$from $(now)" | awk '{print $2 - $1}')"
      }
      """;

  private static final String LIST =
      """
      timed list pass list short nvme list
      """;

  private static final String REFUSE =
      """
      mount -t ext4 /dev/nvme1n1 /data
      timed refusal refuse "bind of a mounted drive" short nvme bind $mounted
      equal "driver of the mounted drive" nvme $(basename $(readlink /sys/bus/pci/devices/$mounted/driver))
      head -c 1048576 /dev/urandom >/tmp/kept
      pass "a file on it" dd if=/tmp/kept of=/data/kept bs=64k conv=fsync
      pass unmount umount /data
      """;

  private static final String BIND =
      """
      timed bind pass bind short nvme bind $free 02:00.0
      refuse "the kernel's disks" ls /dev/nvme0n1 /dev/nvme1n1
      pass "the groups' files" ls /dev/vfio/vfio /dev/vfio/$(basename $(readlink /sys/bus/pci/devices/$free/iommu_group))
      timed list pass "list of bound drives" short nvme list --output-format=json
      """;

  private static final String DRIVE =
      """
      timed id pass id short nvme id $free
      timed health pass health short nvme health $free
      verified() { millrace perf --bdev=$1 --rw=$2 --bs=4k --iodepth=8 --size=2m --verify --verify-state=/tmp/state; }
      timed write pass "a verified write" verified pcie:$free randwrite
      timed read pass "a verified read" verified pcie:$free,nsid=1 randread
      """;

  private static final String SERVE =
      """
      cat >/tmp/serve.json <<-END
      {"subsystems": [
        {"subsystem": "bdev", "config": [
          {"method": "bdev_nvme_attach_controller", "params": {"name": "Nvme0", "trtype": "PCIe", "traddr": "$free"}}]},
        {"subsystem": "vhost_blk", "config": [
          {"method": "vhost_create_blk_controller", "params": {"ctrlr": "vm0.sock", "dev_name": "Nvme0n1"}}]}]}
      END
      millrace serve -c /tmp/serve.json -S /tmp >/tmp/serve.out 2>/tmp/serve.err &
      server=$!
      ready() { until grep ready /tmp/serve.out; do kill -0 $server && usleep 100000 || { cat /tmp/serve.err; return 1; }; done; }
      timed serve pass serve ready

      # In hundredths of a second, and of all vectors and processors.
      ticks() { sed 's/.*) //' /proc/$server/stat | awk '{print $12 + $13}'; }
      interrupts() {
        awk -v device="($free)" '/vfio-msi/ && index($0, device) {
          for (i = 2; $i ~ /^[0-9]+$/; i++) sum += $i
        } END {print sum + 0}' /proc/interrupts
      }
      # measured NAME COMMAND...: and says what the server took of a processor, and of interrupts.
      measured() {
        local name=$1 from=$(now) ticks=$(ticks) interrupts=$(interrupts)
        shift
        "$@"
        say "INFO percent $name $(echo "$from $(now) $ticks $(ticks)" | awk '{print ($4 - $3) / ($2 - $1)}')"
        say "INFO interrupts $name $(($(interrupts) - interrupts))"
      }
      load() { millrace perf --socket=/tmp/vm0.sock --rw=randread --bs=4k --size=2m --time_based "$@"; }

      timed settle sleep 5
      measured idle sleep 5
      timed rate measured rate pass "a low rate" load --rate_iops=20 --runtime=10 --output-format=json --output=/tmp/rate
      say "INFO requests rate $(tr ',' '\\n' </tmp/rate | grep -m 1 total_ios | tr -dc 0-9)"
      say "INFO vectors $(grep -c "vfio-msi.*$free" /proc/interrupts)"
      kill -TERM $server
      code=0
      wait $server || code=$?
      equal "exit code of the server" 0 $code
      say "INFO log $(line /tmp/serve.err)"
      """;

  private static final String GIVE_BACK =
      """
      timed unbind pass unbind short nvme unbind $free $mounted
      for disk in nvme0n1 nvme1n1; do await_file /dev/$disk; done
      pass "the kernel reads" dd if=/dev/nvme0n1 of=/dev/null bs=4096 count=1 iflag=direct
      pass "the kernel mounts" mount -t ext4 /dev/nvme1n1 /data
      pass "the kept file" cmp /tmp/kept /data/kept
      pass "the last unmount" umount /data
      """;

  private static Guest guest;

  @BeforeAll
  static void guestDrivesItsDrives() throws Exception {
    LAB.image("free.img", 64 * MIB);
    LAB.image("mounted.img", 64 * MIB);
    LAB.output("sh", "-c", "PATH=$PATH:/usr/sbin:/sbin mke2fs -q -t ext4 mounted.img");
    guest =
        Guest.named("guest")
            .ram("1G")
            .iommu()
            .programDisk()
            .nvme("free.img", "free")
            .nvme("mounted.img", "mounted")
            .script(START + LIST + REFUSE + BIND + DRIVE + SERVE + GIVE_BACK)
            .start(LAB);
    String steps = "list refusal bind list id health write read serve settle rate unbind";
    for (String step : steps.split(" ", -1)) {
      guest.await("INFO seconds " + step);
    }
    guest.awaitEnd();
  }

  @AfterAll
  static void sayHowMuchItTook() {
    guest.report().stream()
        .filter(line -> line.matches("(INFO (seconds|percent|interrupts|requests|vectors)|END) .*"))
        .forEach(line -> System.out.println("VfioTest: " + line));
  }

  @Test
  void drivesAreListedWithTheirDriverAndGroup() {
    assertThat(guest.report())
        .anyMatch(line ->
            line.matches(
                "PASS list: ADDRESS +IDS +DRIVER +GROUP +NODE +IN USE BY"
                    + " 0000:01:00.0 +1b36:0010 +nvme +\\d+ +- +-"
                    + " 0000:02:00.0 +1b36:0010 +nvme +\\d+ +- +- "));
  }

  @Test
  void mountedDriveIsRefusedAndStaysWithTheKernel() {
    assertThat(guest.report())
        .contains(
            "PASS bind of a mounted drive: millrace nvme bind: 0000:02:00.0 is in use: nvme1n1"
                + " mounted at /data; end that first ",
            "PASS driver of the mounted drive: nvme",
            "PASS unmount: ");
  }

  @Test
  void drivesThatAreBoundAreNoLongerTheKernels() {
    assertThat(guest.report())
        .contains("PASS bind: 0000:01:00.0: nvme -> vfio-pci 0000:02:00.0: nvme -> vfio-pci ")
        .anyMatch(line -> line.startsWith("PASS the kernel's disks: ls: /dev/nvme0n1: No such"))
        .anyMatch(line -> line.startsWith("PASS the groups' files: /dev/vfio/"))
        .anyMatch(line -> line.matches("PASS list of bound drives:.*\"driver\" : \"vfio-pci\".*"));
  }

  @Test
  void driverSaysWhatTheControllerIs() {
    assertThat(guest.report())
        .anyMatch(line ->
            line.matches(
                "PASS id: .*model +QEMU NVMe Ctrl +serial number +free .*"
                    + "namespace 1 +131072 blocks of 512 bytes.*"))
        .anyMatch(line ->
            line.matches("PASS health: warnings +none temperature +50 C .*media errors +0 .*"));
  }

  @Test
  void whatIsWrittenByVfioIsReadBack() {
    assertThat(guest.report())
        .anyMatch(
            line -> line.matches("PASS a verified write: .*checked=512, bad=0, unwritten=0 .*"))
        .anyMatch(
            line -> line.matches("PASS a verified read: .*checked=512, bad=0, unwritten=0 .*"));
  }

  @Test
  void serverWithoutRequestsSleeps() {
    assertThat(Double.parseDouble(guest.info("percent idle"))).isLessThan(20);
    assertThat(guest.info("interrupts idle")).isEqualTo("0");
  }

  /** One request at a time, far apart: each has to wake the server by its interrupt. */
  @Test
  void interruptsWakeTheServerForEachRequest() {
    long requests = Long.parseLong(guest.info("requests rate"));

    assertThat(requests).isGreaterThan(20); // 200 on a machine that keeps up
    assertThat(Long.parseLong(guest.info("interrupts rate")))
        .isBetween(requests * 9 / 10, requests * 11 / 10 + 10);
  }

  @Test
  void serverEndsWellWhenAsked() {
    assertThat(guest.report()).contains("PASS exit code of the server: 0");
  }

  @Test
  void drivesThatAreGivenBackHaveTheirKernelAndTheirDataAgain() {
    assertThat(guest.report())
        .contains("PASS unbind: 0000:01:00.0: vfio-pci -> nvme 0000:02:00.0: vfio-pci -> nvme ")
        .anyMatch(line -> line.startsWith("PASS the kernel reads: "))
        .contains("PASS the kept file: ");
  }
}
