package io.millrace.nvme.model;

import static io.millrace.nvme.model.RawDriver.blocks;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.RawMemory;
import io.millrace.nvme.model.RawDriver.Sqe;
import io.millrace.nvme.pci.DmaMemory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DataPointerTest {
  private static final int PAGE = 4096;
  private static final int SECTOR = 512;
  private static final int SEGMENT = 0x20;
  private static final int LAST = 0x30;
  private static final int MOST_PAGES = 520; // more than one page of PRP entries

  private ModelDevice device;
  private RawDriver driver;
  private DmaMemory data;
  private DmaMemory list;

  @BeforeEach
  void plugIn() throws Exception {
    use(ModelOptions.disk(8 * MOST_PAGES));
  }

  @AfterEach
  void pullOut() {
    device.close();
  }

  private void use(ModelOptions options) throws Exception {
    options.mdts = 0;
    device = new ModelDevice(options);
    driver = new RawDriver(device, device.controller()::step).enable().ioQueue(1);
    data = driver.memory((long) MOST_PAGES * PAGE);
    list = driver.memory(4 * PAGE);
    byte[] disk = new byte[MOST_PAGES * PAGE];
    for (int sector = 0; sector < disk.length / SECTOR; sector++) {
      disk[sector * SECTOR] = (byte) (sector + 1);
      disk[sector * SECTOR + 1] = (byte) (sector >> 8);
    }
    device.controller().namespace(1).fill(0, disk);
  }

  private int read(int sectors, long prp1, long prp2) {
    return driver.io(blocks(Opcode.READ, 0, sectors, prp1, prp2)).code();
  }

  private int sector(long offset) {
    return RawMemory.getShort(data.address() + offset) & 0xffff;
  }

  private void entry(int index, long value) {
    RawMemory.putLong(list.address() + index * 8L, value);
  }

  @Test
  void oneAndTwoPagesAreDescribedByTheCommandItself() {
    assertThat(read(8, data.iova() + 4, 99)).as("crosses into an odd page").isEqualTo(0x13);
    assertThat(read(7, data.iova() + 4, 99)).as("second entry is not looked at").isZero();
    assertThat(sector(4 + 6 * SECTOR)).isEqualTo(7);
    assertThat(read(16, data.iova(), data.iova() + 5 * PAGE)).isZero();
    assertThat(sector(5 * PAGE)).isEqualTo(9);
    assertThat(read(1, data.iova() + 2, 0)).isEqualTo(Status.INVALID_PRP_OFFSET);
    assertThat(read(16, data.iova(), data.iova() + 8)).isEqualTo(Status.INVALID_PRP_OFFSET);
  }

  @Test
  void listsGoOnOverPages() {
    long start = list.iova() + PAGE - 16; // room for one entry and a pointer
    entry(510, data.iova() + 2 * PAGE);
    entry(511, list.iova() + PAGE);
    entry(512, data.iova() + 7 * PAGE);
    entry(513, data.iova() + 3 * PAGE);

    assertThat(read(32, data.iova(), start)).isZero();
    assertThat(sector(2 * PAGE)).isEqualTo(9);
    assertThat(sector(7 * PAGE)).isEqualTo(17);
    assertThat(sector(3 * PAGE)).isEqualTo(25);
  }

  @Test
  void theLastEntryOfAPageIsDataIfItIsTheLast() {
    entry(510, data.iova() + 2 * PAGE);
    entry(511, data.iova() + 7 * PAGE);

    assertThat(read(24, data.iova(), list.iova() + PAGE - 16)).isZero();
    assertThat(sector(7 * PAGE)).isEqualTo(17);
  }

  @Test
  void crookedListsAreRefused() {
    entry(0, data.iova() + PAGE);
    entry(1, data.iova() + 2 * PAGE + 4);
    assertThat(read(24, data.iova(), list.iova())).isEqualTo(Status.INVALID_PRP_OFFSET);
    assertThat(read(24, data.iova(), list.iova() + 4)).isEqualTo(Status.INVALID_PRP_OFFSET);
    entry(511, list.iova() + PAGE + 8);
    assertThat(read(24, data.iova(), list.iova() + PAGE - 8)).isEqualTo(Status.INVALID_PRP_OFFSET);
    entry(1, list.address());
    assertThat(read(24, data.iova(), list.iova())).isEqualTo(Status.DATA_TRANSFER_ERROR);
  }

  private int readSgl(int sectors, long address, long bytes, int type) {
    Sqe sqe = new Sqe(Opcode.READ, 1).sgl(address, bytes, type).quad(10, 0).dword12(sectors - 1);
    return driver.io(sqe).code();
  }

  private void descriptor(int index, long address, long bytes, int type) {
    entry(2 * index, address);
    entry(2 * index + 1, bytes | (long) type << 56);
  }

  @Test
  void segmentsLeadToBlocksOfAnyAlignment() {
    descriptor(0, data.iova() + 1, 513, 0);
    descriptor(1, list.iova() + PAGE, 32, LAST);
    descriptor(256, data.iova() + PAGE, 3, 0);
    descriptor(257, data.iova() + 2 * PAGE, 1024 - 513 - 3, 0);

    assertThat(readSgl(1, data.iova(), SECTOR, 0)).isZero();
    assertThat(readSgl(2, list.iova(), 32, SEGMENT)).isZero();
    assertThat(sector(1)).isEqualTo(1);
    assertThat(RawMemory.getByte(data.address() + 1 + 512)).isEqualTo((byte) 2);
  }

  @Test
  void crookedSegmentsAreRefused() {
    descriptor(0, data.iova(), SECTOR, 0);
    descriptor(1, data.iova(), SECTOR, 0);

    assertThat(readSgl(2, list.iova(), 32, SEGMENT))
        .as("leads nowhere")
        .isEqualTo(Status.INVALID_SGL_SEGMENT_DESCRIPTOR);
    assertThat(readSgl(2, list.iova(), 32, LAST)).isZero();
    assertThat(readSgl(2, list.iova(), 31, LAST)).isEqualTo(Status.INVALID_SGL_SEGMENT_DESCRIPTOR);
    assertThat(readSgl(2, list.iova(), 16, LAST)).isEqualTo(Status.DATA_SGL_LENGTH_INVALID);
    assertThat(readSgl(1, list.iova(), 32, LAST)).isEqualTo(Status.DATA_SGL_LENGTH_INVALID);
    assertThat(readSgl(1, data.iova(), 511, 0)).isEqualTo(Status.DATA_SGL_LENGTH_INVALID);
    assertThat(readSgl(1, data.iova(), 513, 0)).isEqualTo(Status.DATA_SGL_LENGTH_INVALID);
    assertThat(readSgl(1, data.iova(), SECTOR, 0x40)).isEqualTo(Status.SGL_DESCRIPTOR_TYPE_INVALID);
    assertThat(readSgl(1, data.iova(), SECTOR | 1L << 32, 0))
        .as("reserved bits")
        .isEqualTo(Status.SGL_DESCRIPTOR_TYPE_INVALID);
  }

  @Test
  void dwordsOnlyAndNoSglsAreKept() throws Exception {
    device.close();
    ModelOptions dwords = ModelOptions.disk(8 * MOST_PAGES);
    dwords.sgls = 2;
    use(dwords);
    assertThat(readSgl(1, data.iova() + 4, SECTOR, 0)).isZero();
    assertThat(readSgl(1, data.iova() + 2, SECTOR, 0))
        .isEqualTo(Status.SGL_DATA_BLOCK_GRANULARITY_INVALID);

    device.close();
    ModelOptions none = ModelOptions.disk(8 * MOST_PAGES);
    none.sgls = 0;
    use(none);
    assertThat(readSgl(1, data.iova(), SECTOR, 0)).isEqualTo(Status.INVALID_FIELD);
  }

  @Test
  void aLongTransferNeedsTwoPagesOfEntries() {
    for (int i = 1; i < MOST_PAGES; i++) {
      // Entry 511 is the way to the next page.
      entry(i <= 511 ? i - 1 : i, data.iova() + (long) i * PAGE);
    }
    entry(511, list.iova() + PAGE);

    assertThat(read(8 * MOST_PAGES, data.iova(), list.iova())).isZero();
    assertThat(sector(511L * PAGE)).isEqualTo(511 * 8 + 1);
    assertThat(sector(519L * PAGE)).isEqualTo(519 * 8 + 1);
  }
}
