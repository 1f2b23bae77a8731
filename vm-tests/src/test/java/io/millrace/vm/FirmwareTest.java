package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What drives the disk before any operating system does. Firmware knows few features and uses one
 * queue with one request in it, and who comes next finds the device by a reset. The disk is made by
 * {@code vm-tests/guest/bootdisk.sh}; nothing but the disk brings the code that runs.
 */
class FirmwareTest {
  @RegisterExtension final Lab lab = new Lab();

  private static final int MIB = 1 << 20;
  private static final long FIRST =
      48L * MIB; // as in bootsector.s, which copies it to the next two
  private static final long SECOND = 49L * MIB;
  private static final long THIRD = 50L * MIB;
  private static final long LOADED = 52L * MIB;
  private static final long SEED = 9;

  private static final String LINUX =
      """
      modules MODULES
      await_file /dev/vda1
      pass "started by UEFI" ls /sys/firmware/efi
      pass "data from outside" blkload verify /dev/vda --offset 50331648 --length 1048576 --seed 9 --exact
      pass "load" blkload load /dev/vda --offset 54525952 --length 4194304 --bytes 16777216 --threads 8
      """;

  /** How the disk is attached; both firmwares have a driver of each. */
  enum Bus {
    BLK("--blk", "vda", "virtio_blk"),
    SCSI("--scsi", "sda", "virtio_scsi sd_mod");

    final String option;
    final String linux;

    Bus(String option, String disk, String modules) {
      this.option = option;
      this.linux = LINUX.replace("MODULES", modules).replace("vda", disk);
    }

    Guest.Builder attach(Guest.Builder guest, int queues) {
      return this == BLK ? guest.disk("vm0.sock", queues) : guest.scsi("vm0.sock", queues);
    }
  }

  private Path bootable;
  private Path image;

  @BeforeEach
  void makeADiskToBootFrom() throws Exception {
    bootable = Path.of(GuestImage.run("bootdisk.sh"));
    image = lab.path("disk.img");
    lab.output("cp", bootable.resolve("disk.img").toString(), image.toString());
    SectorPattern.fill(image, FIRST, MIB, SEED, 1);
  }

  private MillraceServer serve(Bus bus) throws Exception {
    return MillraceServer.serve(lab, List.of(bus.option, "vm0.sock=disk.img"), List.of("vm0.sock"));
  }

  @ParameterizedTest
  @EnumSource
  void biosBootsFromTheDiskAndCopiesOnItBeforeAndAfterAReset(Bus bus) throws Exception {
    MillraceServer server = serve(bus);
    Guest guest = bus.attach(Guest.named("bios"), 1).bootsFromDisk().reboots().start(lab);

    guest.await("BOOT by the BIOS from the disk");
    guest.await("PASS first copy");
    guest.await("BOOT after the reset");
    guest.await("PASS second copy");
    guest.awaitEnd();
    SectorPattern.assertHolds(image, FIRST, MIB, SEED, 1);
    assertThat(Arrays.mismatch(bytes(FIRST), bytes(SECOND))).isEqualTo(-1);
    assertThat(Arrays.mismatch(bytes(FIRST), bytes(THIRD))).isEqualTo(-1);
    SectorPattern.assertZero(image, THIRD + MIB, MIB);
    assertThat(server.terminate()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void uefiBootsLinuxFromTheDiskAndLinuxGoesOnWithIt(Bus bus) throws Exception {
    MillraceServer server = serve(bus);
    Guest guest =
        bus.attach(Guest.named("uefi"), 2)
            .bootsFromDisk("-bios", bootable.resolve("OVMF.fd").toString())
            .script(bus.linux)
            .start(lab);

    guest.await("BOOT");
    guest.await("PASS started by UEFI");
    guest.await("PASS data from outside");
    guest.await("PASS load: verified");
    guest.awaitEnd();
    SectorPattern.assertHolds(image, LOADED, 4 * MIB, 1, 1);
    assertThat(server.terminate()).isZero();
  }

  private byte[] bytes(long offset) throws IOException {
    return Lab.bytes(image, offset, MIB);
  }
}
