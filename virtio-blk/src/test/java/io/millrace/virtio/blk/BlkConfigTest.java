package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.IoType;
import io.millrace.bdev.MallocBdev;
import io.millrace.initiator.BlkConfig;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkRange;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.RawMemory;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the configuration space says of disks with other blocks, sizes and limits. */
@Timeout(60)
class BlkConfigTest {
  private static final long WAIT = BlkTarget.DEADLINE_NANOS;

  private BlkTarget target;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(1);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  private VirtioBlkDriver open(int blockSize, int physicalBlockSize, long blocks) throws Exception {
    MallocBdev bdev =
        MallocBdev.create("disk", UUID.randomUUID(), blockSize, physicalBlockSize, blocks);
    return VirtioBlkDriver.open(
        target.serve(bdev, false, null), BlkDriverOptions.defaults().withMemory(1 << 20, true));
  }

  @ParameterizedTest
  @CsvSource({
    // block, physical block, exponent, least transfer in blocks
    "512, 512, 0, 1",
    "512, 4096, 3, 8",
    "4096, 4096, 0, 1",
    "4096, 65536, 4, 16",
    "512, 1536, 0, 3" // no power of two, and so no exponent
  })
  void blocksAreToldAsTheyAre(int block, int physical, int exponent, int minIo) throws Exception {
    try (VirtioBlkDriver driver = open(block, physical, 4096)) {
      BlkConfig config = driver.config();

      assertThat(driver.has(VirtioBlk.F_BLK_SIZE)).isTrue();
      assertThat(driver.has(VirtioBlk.F_TOPOLOGY)).isTrue();
      assertThat(config.blockSize()).isEqualTo(block);
      assertThat(config.capacitySectors()).isEqualTo(4096L * block / 512);
      assertThat(config.physicalBlockExponent()).isEqualTo(exponent);
      assertThat(config.alignmentOffset()).isZero();
      assertThat(config.minIoBlocks()).isEqualTo(minIo);
      assertThat(config.optIoBlocks()).isZero();
    }
  }

  @Test
  void aDiskOf4096ByteBlocksTakesWholeBlocksOnlyAndCountsSectorsOf512() throws Exception {
    try (VirtioBlkDriver driver = open(4096, 4096, 256)) {
      long buffer = driver.memory().allocate(8192, 4096);
      RawMemory.fill(buffer, 4096, (byte) 0x5a);

      assertThat(driver.run(VirtioBlk.T_OUT, 8 * 255, buffer, 4096, WAIT)).isZero();
      assertThat(driver.run(VirtioBlk.T_IN, 8 * 255, buffer + 4096, 4096, WAIT)).isZero();

      byte[] back = new byte[4096];
      RawMemory.get(buffer + 4096, back, 0, back.length);
      assertThat(back).containsOnly(0x5a);
      assertThat(driver.run(VirtioBlk.T_IN, 1, buffer, 4096, WAIT)).isEqualTo(VirtioBlk.S_IOERR);
      assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_IOERR);
      assertThat(driver.run(VirtioBlk.T_IN, 8 * 256, buffer, 4096, WAIT))
          .isEqualTo(VirtioBlk.S_IOERR);
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 8, 0", "8, 16, 0", "4, 8, 1", "0, 4, 1", "2044, 4, 1", "2040, 8, 0"})
  void rangesOfADiskOf4096ByteBlocksAreWholeBlocks(long sector, long sectors, int status)
      throws Exception {
    try (VirtioBlkDriver driver = open(4096, 4096, 256)) {
      long range = driver.memory().allocate(BlkRange.BYTES, 16);
      BlkRange.put(range, 0, sector, sectors, 0);

      assertThat(driver.run(VirtioBlk.T_DISCARD, 0, range, BlkRange.BYTES, WAIT)).isEqualTo(status);
    }
  }

  @ParameterizedTest
  @CsvSource({"131072, 130", "16514064, 16383", "16515072, 16383", "2016, 2", "1, 1"})
  void geometryIsWhatABiosExpectsOfADiskOfThatSize(long sectors, int cylinders) throws Exception {
    try (VirtioBlkDriver driver = open(512, 512, sectors)) {
      assertThat(driver.has(VirtioBlk.F_GEOMETRY)).isTrue();
      assertThat(driver.config().heads()).isEqualTo(16);
      assertThat(driver.config().sectors()).isEqualTo(63);
      assertThat(driver.config().cylinders()).isEqualTo(cylinders);
    }
  }

  @ParameterizedTest
  @CsvSource({
    // the bdev's longest transfer and most segments; segments, bytes of each
    "1073741824, 1024, 126, 8388608",
    "1048576, 1024, 126, 8192",
    "131072, 1024, 32, 4096",
    "131072, 4, 4, 32768",
    "4096, 1024, 1, 4096",
    "512, 1, 1, 512"
  })
  void segmentsAsADriverMayUseThemAreNoLongerThanOneTransfer(
      int maxTransfer, int maxSegments, int segments, int bytes) throws Exception {
    RecordingBdev bdev =
        RecordingBdev.of(
            new BdevLimits(maxTransfer, maxSegments, 1, 131072), EnumSet.of(IoType.READ));
    Path socket = target.serve(bdev, false, null);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults())) {
      assertThat(driver.has(VirtioBlk.F_SIZE_MAX)).isTrue();
      assertThat(driver.config().maxSegments()).isEqualTo(segments);
      assertThat(driver.config().maxSegmentBytes()).isEqualTo(bytes);
      assertThat((long) segments * bytes).isLessThanOrEqualTo(maxTransfer);
      assertThat(driver.config().optIoBlocks()).isEqualTo(131072 / 512);
    }
  }

  @Test
  void whatLiesBehindTheConfigurationIsZeroToItsEnd() throws Exception {
    try (VirtioBlkDriver driver = open(512, 512, 4096)) {
      assertThat(driver.frontend().getConfig(57, 199).toArray()).containsOnly(0);
      assertThat(driver.frontend().getConfig(255, 1).toArray()).containsExactly(0);
      assertThat(driver.frontend().getConfig(0, 256).toArray()).hasSize(256);
    }
  }
}
