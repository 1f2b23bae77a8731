package io.millrace.nvme.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.RawMemory;
import io.millrace.nvme.model.RawDriver.Completion;
import io.millrace.nvme.model.RawDriver.Sqe;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.PciDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every controller answers to commands that are right and wrong, whoever made it. It has one
 * namespace, of {@link #BLOCKS} blocks of 512 bytes.
 */
abstract class ControllerContract {
  static final long BLOCKS = 32768;

  private static final int IDENTIFY_CONTROLLER = 1;
  private static final int QUEUES = 7;
  private static final int BAD = 0xffff;

  private PciDevice device;
  private RawDriver driver;
  private DmaMemory data;

  abstract PciDevice plugIn() throws Exception;

  /** Has it do something. */
  abstract void turn();

  abstract void pullOut();

  @BeforeEach
  void open() throws Exception {
    device = plugIn();
    driver = new RawDriver(device, this::turn).enable().ioQueue(1);
    data = driver.memory(1 << 20);
  }

  @AfterEach
  void close() {
    if (device != null) {
      device.close();
    }
    pullOut();
  }

  private int admin(int opcode, int nsid, int... dwords10) {
    return driver.admin(new Sqe(opcode, nsid).prp(data.iova(), 0).dwords10(dwords10)).code();
  }

  private int io(int opcode, int nsid, long lba, int dword12) {
    return driver
        .io(new Sqe(opcode, nsid).prp(data.iova(), 0).quad(10, lba).dword12(dword12))
        .code();
  }

  @Test
  void unknownOpcodesAreRefusedForGood() {
    Completion admin = driver.admin(new Sqe(0xfe, 0));
    Completion io = driver.io(new Sqe(0x7e, 1));

    assertThat(admin.code()).isEqualTo(Status.INVALID_OPCODE);
    assertThat(admin.status() & Status.DO_NOT_RETRY).isNotZero();
    assertThat(io.code()).isEqualTo(Status.INVALID_OPCODE);
    assertThat(io.status() & Status.DO_NOT_RETRY).isNotZero();
  }

  @Test
  void namespacesThatAreNotThere() {
    assertThat(io(Opcode.READ, 0, 0, 0)).isEqualTo(Status.INVALID_NAMESPACE);
    assertThat(io(Opcode.READ, 0x1_0000, 0, 0)).isEqualTo(Status.INVALID_NAMESPACE);
    assertThat(io(Opcode.FLUSH, 1, 0, 0)).isZero();
    assertThat(io(Opcode.FLUSH, -1, 0, 0)).isZero();
    assertThat(admin(Opcode.IDENTIFY, 0, 0)).isEqualTo(Status.INVALID_NAMESPACE);
    assertThat(admin(Opcode.IDENTIFY, -2, 0)).isEqualTo(Status.INVALID_NAMESPACE);
    assertThat(admin(Opcode.IDENTIFY, -2, 2)).isEqualTo(Status.INVALID_NAMESPACE);
  }

  @Test
  void blocksBeyondTheEnd() {
    assertThat(io(Opcode.READ, 1, BLOCKS - 1, 0)).isZero();
    assertThat(io(Opcode.READ, 1, BLOCKS, 0)).isEqualTo(Status.LBA_OUT_OF_RANGE);
    assertThat(io(Opcode.WRITE, 1, BLOCKS - 1, 1)).isEqualTo(Status.LBA_OUT_OF_RANGE);
    assertThat(io(Opcode.WRITE_ZEROES, 1, BLOCKS, 0)).isEqualTo(Status.LBA_OUT_OF_RANGE);
    assertThat(io(Opcode.COMPARE, 1, BLOCKS, 0)).isEqualTo(Status.LBA_OUT_OF_RANGE);
    assertThat(io(Opcode.READ, 1, -1, 0)).isEqualTo(Status.LBA_OUT_OF_RANGE);
    assertThat(io(Opcode.READ, 1, Long.MAX_VALUE, 0)).isEqualTo(Status.LBA_OUT_OF_RANGE);
  }

  @Test
  void transfersBeyondTheLimit() {
    assertThat(io(Opcode.READ, 1, 0, 256)).isEqualTo(Status.INVALID_FIELD); // 128.5 KiB, MDTS 5
  }

  @Test
  void dataIsComparedAndZeroed() {
    RawMemory.fill(data.address(), 512, (byte) 3);

    assertThat(io(Opcode.WRITE, 1, 5, 0)).isZero();
    assertThat(io(Opcode.COMPARE, 1, 5, 0)).isZero();
    assertThat(io(Opcode.COMPARE, 1, 6, 0)).isEqualTo(Status.COMPARE_FAILURE);
    assertThat(io(Opcode.WRITE_ZEROES, 1, 5, 0)).isZero();
    assertThat(io(Opcode.COMPARE, 1, 5, 0)).isEqualTo(Status.COMPARE_FAILURE);
    assertThat(io(Opcode.READ, 1, 5, 0)).isZero();
    assertThat(RawMemory.getLong(data.address())).isZero();
  }

  @Test
  void crookedDataPointers() {
    Sqe page = new Sqe(Opcode.READ, 1).prp(data.iova(), data.iova() + 4096 + 8);
    Sqe fine = new Sqe(Opcode.READ, 1).prp(data.iova() + 4, data.iova() + 4096);
    Sqe shorter = new Sqe(Opcode.READ, 1).sgl(data.iova(), 511, 0);

    assertThat(driver.io(page.dword12(15)).code()).isEqualTo(Status.INVALID_PRP_OFFSET);
    assertThat(driver.io(fine.dword12(7)).code()).isZero();
    assertThat(driver.io(shorter).code()).isEqualTo(Status.DATA_SGL_LENGTH_INVALID);
    Sqe admin = new Sqe(Opcode.IDENTIFY, 0).sgl(data.iova(), 4096, 0).dwords10(1);
    assertThat(driver.admin(admin).code()).isEqualTo(Status.INVALID_FIELD);
  }

  @Test
  void queuesThatCannotBe() {
    int size = 15 << 16;
    assertThat(admin(Opcode.CREATE_CQ, 0, size, 1)).isEqualTo(Status.INVALID_QUEUE_ID);
    assertThat(admin(Opcode.CREATE_CQ, 0, size | 1, 1)).isEqualTo(Status.INVALID_QUEUE_ID);
    assertThat(admin(Opcode.CREATE_CQ, 0, size | BAD, 1)).isEqualTo(Status.INVALID_QUEUE_ID);
    assertThat(admin(Opcode.CREATE_CQ, 0, 2, 1)).isEqualTo(Status.INVALID_QUEUE_SIZE);
    assertThat(admin(Opcode.CREATE_CQ, 0, BAD << 16 | 2, 1)).isEqualTo(Status.INVALID_QUEUE_SIZE);
    assertThat(admin(Opcode.CREATE_CQ, 0, size | 2, 0)).isEqualTo(Status.INVALID_FIELD);
    Sqe crooked = new Sqe(Opcode.CREATE_CQ, 0).prp(data.iova() + 8, 0).dwords10(size | 2, 1);
    assertThat(driver.admin(crooked).code()).isEqualTo(Status.INVALID_PRP_OFFSET);
    assertThat(admin(Opcode.CREATE_SQ, 0, size | 2, 2 << 16 | 1))
        .isEqualTo(Status.COMPLETION_QUEUE_INVALID);
    assertThat(admin(Opcode.CREATE_SQ, 0, size | 2, 1)).isEqualTo(Status.COMPLETION_QUEUE_INVALID);
    assertThat(admin(Opcode.CREATE_SQ, 0, size | 1, 1 << 16 | 1))
        .isEqualTo(Status.INVALID_QUEUE_ID);
    assertThat(admin(Opcode.CREATE_SQ, 0, 2, 1 << 16 | 1)).isEqualTo(Status.INVALID_QUEUE_SIZE);
    assertThat(admin(Opcode.DELETE_SQ, 0, 2)).isEqualTo(Status.INVALID_QUEUE_ID);
    assertThat(admin(Opcode.DELETE_SQ, 0, 0)).isEqualTo(Status.INVALID_QUEUE_ID);
    assertThat(admin(Opcode.DELETE_CQ, 0, 1)).isEqualTo(Status.INVALID_QUEUE_DELETION);
    assertThat(admin(Opcode.DELETE_SQ, 0, 1)).isZero();
    assertThat(admin(Opcode.DELETE_CQ, 0, 1)).isZero();
    // QEMU says Completion Queue Invalid, the specification (§5.5) Invalid Queue Identifier.
    assertThat(admin(Opcode.DELETE_CQ, 0, 1))
        .isIn(Status.INVALID_QUEUE_ID, Status.COMPLETION_QUEUE_INVALID);
  }

  @Test
  void featuresAndLogPagesThatAreNotThere() {
    assertThat(admin(Opcode.SET_FEATURES, 0, QUEUES, 1 << 16 | 1))
        .as("queues are in use")
        .isEqualTo(Status.COMMAND_SEQUENCE_ERROR);
    assertThat(admin(Opcode.SET_FEATURES, 0, 0x7f, 0)).isEqualTo(Status.INVALID_FIELD);
    assertThat(admin(Opcode.SET_FEATURES, 0, 6 | 1 << 31, 0))
        .isEqualTo(Status.FEATURE_NOT_SAVEABLE);
    assertThat(admin(Opcode.GET_FEATURES, 0, 0x7f)).isEqualTo(Status.INVALID_FIELD);
    // QEMU says Invalid Field, the specification (§5.16) Invalid Log Page.
    assertThat(admin(Opcode.GET_LOG_PAGE, 0, 0x7f | 15 << 16))
        .isIn(Status.INVALID_LOG_PAGE, Status.INVALID_FIELD);
    assertThat(admin(Opcode.IDENTIFY, 0, 0x7f)).isEqualTo(Status.INVALID_FIELD);
    assertThat(admin(Opcode.GET_LOG_PAGE, -1, 2 | 127 << 16)).isZero();
  }

  @Test
  void theWriteCacheIsSwitched() {
    assertThat(admin(Opcode.SET_FEATURES, 0, 6, 0)).isZero();
    assertThat(driver.admin(new Sqe(Opcode.GET_FEATURES, 0).dwords10(6)).result()).isZero();
    assertThat(admin(Opcode.SET_FEATURES, 0, 6, 1)).isZero();
    assertThat(driver.admin(new Sqe(Opcode.GET_FEATURES, 0).dwords10(6)).result()).isOne();
  }

  @Test
  void eventRequestsAreHeldUpToALimit() {
    int most = 4; // AERL 3
    for (int i = 0; i < most; i++) {
      driver.send(0, new Sqe(Opcode.ASYNC_EVENT_REQUEST, 0));
    }
    int id = driver.send(0, new Sqe(Opcode.ASYNC_EVENT_REQUEST, 0));
    Completion refused = driver.take(0);

    assertThat(refused.id()).isEqualTo(id);
    assertThat(refused.code()).isEqualTo(Status.ASYNC_EVENT_LIMIT_EXCEEDED);
    assertThat(admin(Opcode.IDENTIFY, 0, IDENTIFY_CONTROLLER)).isZero();
    assertThat(RawMemory.getByte(data.address() + 259)).isEqualTo((byte) (most - 1));
  }

  @Test
  void abortOfWhatIsNotThereIsNoError() {
    Completion aborted = driver.admin(new Sqe(Opcode.ABORT, 0).dwords10(77 << 16 | 1));

    assertThat(aborted.code()).isZero();
    assertThat(aborted.result()).isOne();
  }

  @Test
  void badDoorbellsAreReportedAsEvents() {
    int id = driver.send(0, new Sqe(Opcode.ASYNC_EVENT_REQUEST, 0));
    // Behind it: QEMU keeps such an event only for a request that it has taken already.
    driver.admin(new Sqe(Opcode.ABORT, 0).dwords10(77 << 16 | 1));
    driver.registers().write32(Reg.DOORBELLS + 8, 99); // queue 1 has 16 entries
    Completion event = driver.take(0);

    assertThat(event.id()).isEqualTo(id);
    assertThat(event.result()).isEqualTo(0x010100);
  }
}
