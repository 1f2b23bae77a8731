package io.millrace.nvme.model;

import static io.millrace.nvme.model.RawDriver.blocks;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.RawMemory;
import io.millrace.nvme.model.RawDriver.Completion;
import io.millrace.nvme.model.RawDriver.Sqe;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.PciDevice;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ModelControllerTest {
  private static final long BLOCKS = 4096;
  private static final int FUA = 1 << 30;

  private ModelDevice device;
  private ModelController controller;
  private RawDriver driver;
  private DmaMemory data;

  @BeforeEach
  void plugIn() throws Exception {
    use(ModelOptions.disk(BLOCKS));
  }

  @AfterEach
  void pullOut() {
    device.close();
  }

  private void use(ModelOptions options) throws Exception {
    device = new ModelDevice(options);
    controller = device.controller();
    driver = new RawDriver(device, controller::step).enable().ioQueue(1);
    data = driver.memory(64 << 10);
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    RawMemory.fill(data.address(), 4096, (byte) 0x5a);
    RawMemory.putLong(data.address(), 42);

    Completion written = driver.io(blocks(Opcode.WRITE, 8, 8, data.iova(), 0));
    Completion read = driver.io(blocks(Opcode.READ, 8, 8, data.iova() + 8192, 0));

    assertThat(written.status()).isZero();
    assertThat(read.status()).isZero();
    assertThat(read.sqid()).isEqualTo(1);
    assertThat(read.sqhd()).isEqualTo(2);
    assertThat(RawMemory.getLong(data.address() + 8192)).isEqualTo(42);
    assertThat(RawMemory.getLong(data.address() + 12280)).isEqualTo(0x5a5a_5a5a_5a5a_5a5aL);
    assertThat(controller.violations()).isEmpty();
  }

  @Test
  void queuesWrapAround() {
    for (int i = 0; i < 3 * RawDriver.ENTRIES; i++) {
      assertThat(driver.io(blocks(Opcode.READ, i, 1, data.iova(), 0)).status()).isZero();
    }

    assertThat(controller.violations()).isEmpty();
  }

  @Test
  void theModelWaitsWhileItsCompletionQueueIsFull() throws Exception {
    for (int i = 0; i < RawDriver.ENTRIES - 1; i++) {
      driver.send(1, new Sqe(Opcode.FLUSH, 1));
      controller.step();
    }
    driver.send(1, new Sqe(Opcode.FLUSH, 1));
    controller.run();

    for (int i = 0; i < RawDriver.ENTRIES; i++) {
      assertThat(driver.take(1).status()).isZero();
    }
    assertThat(controller.namespace(1).flushes()).isEqualTo(RawDriver.ENTRIES);
  }

  @Test
  void onlyWhatWasFlushedOrWrittenThroughSurvivesAPowerCut() {
    ModelNamespace namespace = controller.namespace(1);
    RawMemory.fill(data.address(), 512, (byte) 7);

    driver.io(blocks(Opcode.WRITE, 0, 1, data.iova(), 0));
    driver.io(new Sqe(Opcode.FLUSH, 1));
    driver.io(blocks(Opcode.WRITE, 1, 1, data.iova(), 0));
    driver.io(blocks(Opcode.WRITE, 2, 1, data.iova(), 0).dword12(FUA));

    assertThat(namespace.volatileBlocks()).isEqualTo(1);
    assertThat(namespace.readDurable(1, 1)).containsOnly(0);
    controller.cutPower();
    assertThat(namespace.read(0, 1)).containsOnly(7);
    assertThat(namespace.read(1, 1)).containsOnly(0);
    assertThat(namespace.read(2, 1)).containsOnly(7);
    assertThat(driver.isReady()).isFalse();
  }

  @Test
  void zeroesComparesAndDeallocation() {
    controller.namespace(1).fill(0, new byte[] {1, 2, 3});
    RawMemory.putInt(data.address(), 0x030201);
    RawMemory.putInt(data.address() + 4096 + 4, 1); // a range of one block at 0

    assertThat(driver.io(blocks(Opcode.COMPARE, 0, 1, data.iova(), 0)).code()).isZero();
    assertThat(driver.io(blocks(Opcode.COMPARE, 1, 1, data.iova(), 0)).code())
        .isEqualTo(Status.COMPARE_FAILURE);
    assertThat(driver.io(blocks(Opcode.VERIFY, 0, 8, 0, 0)).code()).isZero();
    Sqe deallocate = new Sqe(Opcode.DATASET_MANAGEMENT, 1).prp(data.iova() + 4096, 0);
    assertThat(driver.io(deallocate.dwords10(0, 4)).code()).isZero();
    assertThat(controller.namespace(1).read(0, 1)).containsOnly(0);
    controller.namespace(1).fill(9, new byte[] {9});
    assertThat(driver.io(blocks(Opcode.WRITE_ZEROES, 8, 8, 0, 0)).code()).isZero();
    assertThat(controller.namespace(1).read(9, 1)).containsOnly(0);
  }

  @Test
  void hostAddressesAndUnmappedMemoryAreNoticed() {
    Completion host = driver.io(blocks(Opcode.READ, 0, 1, data.address(), 0));
    data.close();
    Completion unmapped = driver.io(blocks(Opcode.READ, 0, 1, data.iova(), 0));

    assertThat(host.code()).isEqualTo(Status.DATA_TRANSFER_ERROR);
    assertThat(unmapped.code()).isEqualTo(Status.DATA_TRANSFER_ERROR);
    assertThat(controller.violations()).hasSize(2);
  }

  @Test
  void interruptsAreSignalled() throws Exception {
    ModelOptions options = ModelOptions.disk(BLOCKS);
    options.vectors = 2;
    device.close();
    device = new ModelDevice(options);
    List<FileDescriptor> vectors = device.enableInterrupts(4);
    driver = new RawDriver(device, device.controller()::step).enable();

    driver.admin(new Sqe(Opcode.GET_FEATURES, 0).dwords10(Features.QUEUES));

    assertThat(vectors).hasSize(2);
    assertThat(EventFd.drain(vectors.getFirst().number())).isNotZero();
    assertThat(EventFd.drain(vectors.getLast().number())).isZero();
  }

  @Test
  void namespacesThatChangeAreToldOnce() {
    driver.admin(new Sqe(Opcode.SET_FEATURES, 0).dwords10(Features.ASYNC_EVENTS, 1 << 8));
    int id = driver.send(0, new Sqe(Opcode.ASYNC_EVENT_REQUEST, 0));
    controller.run();
    assertThat(controller.eventRequests()).isOne();

    controller.resize(1, 2 * BLOCKS);
    Completion event = driver.take(0);
    driver.send(0, new Sqe(Opcode.ASYNC_EVENT_REQUEST, 0));
    controller.resize(1, BLOCKS);
    controller.run();
    assertThat(driver.hasCompletion(0)).as("masked until the log is read").isFalse();
    Sqe log = new Sqe(Opcode.GET_LOG_PAGE, 0).prp(data.iova(), 0).dwords10(4 | 1023 << 16);

    assertThat(event.id()).isEqualTo(id);
    assertThat(event.result()).isEqualTo(0x040002);
    assertThat(driver.admin(log).status()).isZero();
    assertThat(RawMemory.getInt(data.address())).isOne();
    controller.run();
    assertThat(driver.hasCompletion(0)).isFalse();
  }

  @Test
  void aDelayedCommandIsOvertakenAndCanBeAborted() {
    controller.script().io().does(Fault.delay(5));
    controller.script().io().after(1).does(Fault.drop());

    int delayed = driver.send(1, new Sqe(Opcode.FLUSH, 1));
    int prompt = driver.send(1, new Sqe(Opcode.FLUSH, 1));
    int lost = driver.send(1, new Sqe(Opcode.FLUSH, 1));

    assertThat(driver.take(1).id()).isEqualTo(prompt);
    assertThat(driver.take(1).id()).isEqualTo(delayed);
    assertThat(controller.waiting()).isOne();
    assertThat(driver.admin(new Sqe(Opcode.ABORT, 0).dwords10(lost << 16 | 1)).result()).isZero();
    Completion aborted = driver.take(1);
    assertThat(aborted.id()).isEqualTo(lost);
    assertThat(aborted.code()).isEqualTo(Status.ABORT_REQUESTED);
    assertThat(driver.admin(new Sqe(Opcode.ABORT, 0).dwords10(lost << 16 | 1)).result()).isOne();
  }

  @Test
  void wrongCompletionsAreMadeAsTold() {
    Script script = controller.script();
    script.io().does(Fault.duplicate());
    script.io().does(Fault.unknownId());
    script.io().does(Fault.wrongSqid());
    script.io().does(Fault.wrongSqhd());
    script.io().does(Fault.status(Status.withRetryDelay(Status.COMMAND_INTERRUPTED, 2)));

    int twice = driver.send(1, new Sqe(Opcode.FLUSH, 1));
    assertThat(driver.take(1).id()).isEqualTo(twice);
    assertThat(driver.take(1).id()).isEqualTo(twice);
    int known = driver.send(1, new Sqe(Opcode.FLUSH, 1));
    assertThat(driver.take(1).id()).isNotEqualTo(known);
    assertThat(driver.take(1).id()).isEqualTo(known);
    assertThat(driver.io(new Sqe(Opcode.FLUSH, 1)).sqid()).isEqualTo(2);
    assertThat(driver.io(new Sqe(Opcode.FLUSH, 1)).sqhd()).isGreaterThan(RawDriver.ENTRIES);
    assertThat(driver.io(new Sqe(Opcode.FLUSH, 1)).status() & ~Status.MORE).isEqualTo(0x1021);
    assertThat(driver.io(new Sqe(Opcode.FLUSH, 1)).status()).isZero();
  }

  @Test
  void aPulledOutControllerReadsAsOnes() {
    device.pullOut();
    driver.registers().write32(Reg.CC, 0);
    controller.step();

    assertThat(driver.registers().read32(Reg.CSTS)).isEqualTo(-1);
    assertThat(driver.registers().read64(Reg.CAP)).isEqualTo(-1);
    assertThat(device.readConfig(PciDevice.CONFIG_ID)).isEqualTo(-1);
    assertThat(device.isGone()).isTrue();
  }

  @Test
  void readinessAndShutdownComeWhenToldOrNever() {
    controller.neverUnready(true);
    driver.registers().write32(Reg.CC, 0);
    controller.run();
    assertThat(driver.isReady()).isTrue();
    controller.neverUnready(false);
    controller.run();
    assertThat(driver.isReady()).isFalse();

    controller.neverReady(true);
    driver.registers().write32(Reg.CC, 0x460001);
    controller.run();
    assertThat(driver.isReady()).isFalse();
    controller.neverReady(false);
    controller.run();
    assertThat(driver.isReady()).isTrue();

    controller.fatal(true);
    controller.step();
    assertThat(driver.registers().read32(Reg.CSTS) & 2).isEqualTo(2);
    driver.registers().write32(Reg.CC, 0);
    controller.run();
    driver.registers().write32(Reg.CC, 0x460001);
    controller.run();
    driver.registers().write32(Reg.CC, 0x464001);
    controller.step();
    assertThat(driver.registers().read32(Reg.CSTS)).isEqualTo(1 | 2 << 2);
  }

  @Test
  void shadowDoorbellsAreHonouredWhileAwakeOnly() throws Exception {
    DmaMemory shadow = driver.memory(4096);
    DmaMemory event = driver.memory(4096);
    Sqe config = new Sqe(Opcode.DOORBELL_BUFFER_CONFIG, 0).prp(shadow.iova(), event.iova());
    assertThat(driver.admin(config).status()).isZero();

    driver.place(1, new Sqe(Opcode.FLUSH, 1));
    RawMemory.putInt(shadow.address() + 8, driver.tail(1));
    controller.run();
    assertThat(driver.hasCompletion(1)).as("asleep").isFalse();
    driver.ring(1);

    assertThat(driver.take(1).status()).isZero();
    assertThat(RawMemory.getInt(event.address() + 8)).isEqualTo(driver.tail(1));
  }

  @Test
  void onItsOwnThreadItServesToo() throws Exception {
    try (AutoCloseable running = controller.runOnThread()) {
      assertThat(running).isNotNull();
      for (int i = 0; i < 1000; i++) {
        driver.send(1, blocks(Opcode.READ, i, 1, data.iova(), 0));
        while (!driver.hasCompletion(1)) {
          Thread.onSpinWait();
        }
        assertThat(driver.take(1).status()).isZero();
      }
    }

    assertThat(controller.violations()).isEmpty();
  }
}
