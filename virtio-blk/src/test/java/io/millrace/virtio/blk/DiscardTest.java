package io.millrace.virtio.blk;

import static io.millrace.initiator.VirtioBlk.T_DISCARD;
import static io.millrace.initiator.VirtioBlk.T_WRITE_ZEROES;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.file.FileBdev;
import io.millrace.bdev.file.FileBdevOptions;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkRange;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import io.millrace.linux.RawMemory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** DISCARD and WRITE_ZEROES of a file disk, seen in the image from outside. */
@Timeout(60)
class DiscardTest {
  private static final long WAIT = BlkTarget.DEADLINE_NANOS;
  private static final int MIB = 1 << 20;
  private static final int MIB_SECTORS = MIB / 512;
  private static final int SIZE = 8 * MIB;

  @TempDir private Path folder;
  private BlkTarget target;
  private Path image;
  private byte[] model;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(1);
    model = new byte[SIZE];
    new Random(3).nextBytes(model);
    image = Files.write(folder.resolve("disk.img"), model);
    try (FileDescriptor fd = LinuxFiles.open(image, OpenFlag.READ_WRITE)) {
      LinuxFiles.dataSync(fd); // what is not written back yet takes no storage yet
    }
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  private FileBdevOptions options() {
    return FileBdevOptions.of("disk", image).withRaw(true);
  }

  private VirtioBlkDriver open(FileBdevOptions options, boolean readOnly) throws Exception {
    Path socket = target.serve(FileBdev.create(options), readOnly, null);
    return VirtioBlkDriver.open(socket, BlkDriverOptions.defaults());
  }

  private VirtioBlkDriver open() throws Exception {
    return open(options(), false);
  }

  /** Sends triples of sector, sectors, flags as the ranges of one request. */
  private static int run(VirtioBlkDriver driver, int type, long... triples) throws Exception {
    int count = triples.length / 3;
    long ranges = driver.memory().allocate((long) count * BlkRange.BYTES, 16);
    for (int i = 0; i < count; i++) {
      BlkRange.put(ranges, i, triples[3 * i], triples[3 * i + 1], (int) triples[3 * i + 2]);
    }
    return driver.run(type, 0, ranges, count * BlkRange.BYTES, WAIT);
  }

  private long allocated() throws Exception {
    return LinuxFiles.status(image).allocatedBytes();
  }

  private void zeroInModel(int offset, int bytes) {
    Arrays.fill(model, offset, offset + bytes, (byte) 0);
  }

  @Test
  void everyRangeOfADiscardIsAHoleAndNothingElseChanges() throws Exception {
    try (VirtioBlkDriver driver = open()) {
      long before = allocated();

      int status =
          run(
              driver,
              T_DISCARD,
              new long[] {
                0, MIB_SECTORS, 0, 3 * MIB_SECTORS, 8, 0, 5 * MIB_SECTORS, 2 * MIB_SECTORS, 0
              });

      assertThat(status).isEqualTo(VirtioBlk.S_OK);
      assertThat(before - allocated()).isGreaterThanOrEqualTo(3 * MIB + 4096);
      zeroInModel(0, MIB);
      zeroInModel(3 * MIB, 4096);
      zeroInModel(5 * MIB, 2 * MIB);
      assertThat(Files.readAllBytes(image)).isEqualTo(model);
    }
  }

  @Test
  void aDiscardHasAsManyRangesAsTheConfigurationSays() throws Exception {
    try (VirtioBlkDriver driver = open()) {
      int most = driver.config().maxDiscardSegments();
      long[] triples = new long[most * 3];
      for (int i = 0; i < most; i++) {
        triples[3 * i] = 16L * i;
        triples[3 * i + 1] = 8;
        zeroInModel(16 * i * 512, 4096);
      }
      long before = allocated();

      assertThat(run(driver, T_DISCARD, triples)).isEqualTo(VirtioBlk.S_OK);

      assertThat(most).isEqualTo(64);
      // The file system's own list of what is where grows by some blocks.
      assertThat(before - allocated()).isGreaterThanOrEqualTo((most - 8) * 4096L);
      assertThat(Files.readAllBytes(image)).isEqualTo(model);
    }
  }

  @Test
  void zeroesWithoutTheUnmapFlagKeepTheirStorage() throws Exception {
    try (VirtioBlkDriver driver = open()) {
      long before = allocated();

      int status =
          run(driver, T_WRITE_ZEROES, MIB_SECTORS, MIB_SECTORS, 0, 4 * MIB_SECTORS, MIB_SECTORS, 0);

      assertThat(status).isEqualTo(VirtioBlk.S_OK);
      assertThat(allocated()).isGreaterThanOrEqualTo(before);
      zeroInModel(MIB, MIB);
      zeroInModel(4 * MIB, MIB);
      assertThat(Files.readAllBytes(image)).isEqualTo(model);
    }
  }

  @Test
  void theUnmapFlagOfEachRangeCountsForThatRange() throws Exception {
    try (VirtioBlkDriver driver = open()) {
      long before = allocated();
      long flag = BlkRange.FLAG_UNMAP;

      int status =
          run(driver, T_WRITE_ZEROES, 0, MIB_SECTORS, 0, 4 * MIB_SECTORS, 2 * MIB_SECTORS, flag);

      assertThat(status).isEqualTo(VirtioBlk.S_OK);
      assertThat(before - allocated()).isBetween(2L * MIB, 2L * MIB + 512 * 1024);
      zeroInModel(0, MIB);
      zeroInModel(4 * MIB, 2 * MIB);
      assertThat(Files.readAllBytes(image)).isEqualTo(model);
    }
  }

  @Test
  void aFileDiskSaysWhatItsDiscardsCanDo() throws Exception {
    try (VirtioBlkDriver driver = open()) {
      assertThat(driver.has(VirtioBlk.F_DISCARD)).isTrue();
      assertThat(driver.has(VirtioBlk.F_WRITE_ZEROES)).isTrue();
      assertThat(driver.config().maxDiscardSectors()).isEqualTo((1 << 30) / 512);
      assertThat(driver.config().maxWriteZeroesSectors()).isEqualTo((1 << 30) / 512);
      assertThat(driver.config().maxWriteZeroesSegments()).isEqualTo(64);
      assertThat(driver.config().writeZeroesMayUnmap()).isEqualTo(1);
      assertThat(driver.config().discardAlignmentSectors())
          .isEqualTo(LinuxFiles.status(image).blockSize() / 512);
    }
  }

  @Test
  void aReadOnlyDiskOffersNoDiscardAndRefusesIt() throws Exception {
    try (VirtioBlkDriver driver = open(options(), true)) {
      assertThat(driver.has(VirtioBlk.F_DISCARD)).isFalse();
      assertThat(driver.has(VirtioBlk.F_WRITE_ZEROES)).isFalse();
      assertThat(driver.config().maxDiscardSectors()).isZero();
      assertThat(run(driver, T_DISCARD, 0, 8, 0)).isEqualTo(VirtioBlk.S_IOERR);
      assertThat(run(driver, T_WRITE_ZEROES, 0, 8, 0)).isEqualTo(VirtioBlk.S_IOERR);
    }
    assertThat(Files.readAllBytes(image)).isEqualTo(model);
  }

  @Test
  void aDiskThatCannotDiscardOffersNoneAndSaysUnsupported() throws Exception {
    try (VirtioBlkDriver driver = open(options().withFallocate(false), false)) {
      assertThat(driver.has(VirtioBlk.F_DISCARD)).isFalse();
      assertThat(driver.has(VirtioBlk.F_WRITE_ZEROES)).isFalse();
      assertThat(driver.config().maxWriteZeroesSectors()).isZero();
      assertThat(run(driver, T_DISCARD, 0, 8, 0)).isEqualTo(VirtioBlk.S_UNSUPP);
      assertThat(run(driver, T_WRITE_ZEROES, 0, 8, 0)).isEqualTo(VirtioBlk.S_UNSUPP);
    }
    assertThat(Files.readAllBytes(image)).isEqualTo(model);
  }

  @Test
  void aMallocDiskZeroesAndSaysThatItGivesNothingBack() throws Exception {
    Path socket = target.serveMalloc("malloc");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults())) {
      long buffer = driver.memory().allocate(8192, 512);
      RawMemory.fill(buffer, 8192, (byte) 7);
      driver.run(VirtioBlk.T_OUT, 0, buffer, 8192, WAIT);

      assertThat(run(driver, T_WRITE_ZEROES, 1, 2, 0, 9, 1, 1)).isEqualTo(VirtioBlk.S_OK);

      byte[] expected = new byte[8192];
      Arrays.fill(expected, (byte) 7);
      Arrays.fill(expected, 512, 1536, (byte) 0);
      Arrays.fill(expected, 9 * 512, 10 * 512, (byte) 0);
      driver.run(VirtioBlk.T_IN, 0, buffer, 8192, WAIT);
      byte[] back = new byte[8192];
      RawMemory.get(buffer, back, 0, back.length);
      assertThat(back).isEqualTo(expected);
      assertThat(driver.config().writeZeroesMayUnmap()).isZero();
      assertThat(driver.config().discardAlignmentSectors()).isZero();
    }
  }
}
