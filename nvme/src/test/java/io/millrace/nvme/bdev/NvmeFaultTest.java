package io.millrace.nvme.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.nvme.ControllerOptions;
import io.millrace.nvme.NvmeController.State;
import io.millrace.nvme.bdev.DriverOnModel.Request;
import io.millrace.nvme.model.Fault;
import io.millrace.nvme.model.ModelOptions;
import io.millrace.nvme.model.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of requests when a controller is late, lies, fails or is pulled out. */
class NvmeFaultTest {
  private static final int BYTES = 4096;

  private static ModelOptions disk() {
    return ModelOptions.disk(1 << 14);
  }

  private static DriverOnModel driver() throws Exception {
    return new DriverOnModel(disk()).open("Nvme0n1");
  }

  private static List<Request> writes(DriverOnModel driver, int count) {
    List<Request> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long at = driver.memory.address() + (long) i * BYTES;
      driver.fill(at, BYTES, i);
      all.add(driver.submit(IoType.WRITE, (long) i * BYTES, BYTES, at));
    }
    return all;
  }

  private static void awaitAll(DriverOnModel driver, List<Request> requests) {
    driver.until("all requests are done", () -> requests.stream().allMatch(r -> r.completions > 0));
    assertThat(requests).allMatch(r -> r.completions == 1);
  }

  private static void assertWritten(DriverOnModel driver, int count) {
    assertThat(driver.model().namespace(1).read(0, count * BYTES / 512))
        .isEqualTo(driver.bytes(driver.memory.address(), count * BYTES));
  }

  @Test
  void aCommandThatIsLostIsAbortedAndSentAgainAfterAReset() throws Exception {
    try (DriverOnModel driver = driver()) {
      driver.model().script().io().opcode(1).after(3).does(Fault.wrongPhase());

      List<Request> requests = writes(driver, 8);
      awaitAll(driver, requests);

      assertThat(requests).allMatch(r -> r.status == IoStatus.SUCCESS);
      assertWritten(driver, 8);
      assertThat(driver.controller().state()).isEqualTo(State.LIVE);
      assertThat(driver.model().violations()).isEmpty();
    }
  }

  @Test
  void aCommandThatIsNotDoneInTimeIsAbortedAloneAndSentAgain() throws Exception {
    try (DriverOnModel driver = driver()) {
      driver.model().script().io().opcode(1).does(Fault.drop());

      List<Request> requests = writes(driver, 4);
      awaitAll(driver, requests);

      assertThat(requests).allMatch(r -> r.status == IoStatus.SUCCESS);
      assertWritten(driver, 4);
    }
  }

  @Test
  void aRequestThatItsUserCancelsEndsAsAborted() throws Exception {
    try (DriverOnModel driver = driver()) {
      driver.model().script().io().opcode(2).does(Fault.drop());
      Request request = driver.submit(IoType.READ, 0, BYTES, driver.memory.address());
      driver.step();

      driver.channel().cancel(request);
      driver.until("it is over", () -> request.completions > 0);

      assertThat(request.status).isEqualTo(IoStatus.ABORTED);
    }
  }

  static List<Fault> lies() {
    return List.of(Fault.duplicate(), Fault.unknownId(), Fault.wrongSqid(), Fault.wrongSqhd());
  }

  @ParameterizedTest
  @MethodSource("lies")
  void aControllerThatLiesIsTakenOutOfServiceAndItsRequestsEnd(Fault lie) throws Exception {
    try (DriverOnModel driver = driver()) {
      driver.model().script().io().after(2).does(lie);

      List<Request> requests = writes(driver, 16);
      driver.until("it has failed", () -> state(driver) == State.FAILED);
      awaitAll(driver, requests);

      assertThat(requests).anyMatch(r -> r.status == IoStatus.IO_ERROR);
      int command = driver.device.readConfig(4);
      assertThat(command & 4).as("bus master").isZero();
      assertThat(driver.run(IoType.READ, 0, BYTES, driver.memory.address()))
          .isEqualTo(IoStatus.IO_ERROR);

      driver.model().script().clear();
      driver.await(driver.controller().reset());
      assertThat(driver.run(IoType.READ, 0, BYTES, driver.memory.address()))
          .isEqualTo(IoStatus.SUCCESS);
    }
  }

  private static State state(DriverOnModel driver) {
    try {
      return driver.controller().state();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aControllerThatSaysThatItFailedIsResetAndDoesItAll() throws Exception {
    try (DriverOnModel driver = driver()) {
      driver.model().fatal(true);
      List<Request> requests = writes(driver, 32);
      driver.pass(Duration.ofMillis(500));
      driver.model().fatal(false);

      awaitAll(driver, requests);

      assertThat(requests).allMatch(r -> r.status == IoStatus.SUCCESS);
      assertWritten(driver, 32);
    }
  }

  @Test
  void aControllerThatIsSilentForEverFailsAndItsRequestsEnd() throws Exception {
    try (DriverOnModel driver = driver()) {
      driver.model().silence(true);
      List<Request> requests = writes(driver, 8);

      driver.until("it has failed", () -> state(driver) == State.FAILED);
      awaitAll(driver, requests);

      assertThat(requests).allMatch(r -> r.status == IoStatus.IO_ERROR);
      driver.model().silence(false);
    }
  }

  @Test
  void aDiskThatIsPulledOutEndsItsRequestsAndIsRemoved() throws Exception {
    try (DriverOnModel driver = driver()) {
      List<Request> requests = writes(driver, 8);
      driver.device.pullOut();

      awaitAll(driver, requests);
      driver.until("it is removed", () -> driver.bdevs.all().isEmpty());

      assertThat(requests).allMatch(r -> r.status == IoStatus.IO_ERROR);
      assertThat(driver.removed).isTrue();
      driver.until("it is forgotten", () -> driver.module.all().isEmpty());
    }
  }

  @Test
  void aDeviceThatTheKernelWantsBackIsGivenBackInOrder() throws Exception {
    try (DriverOnModel driver = driver()) {
      List<Request> requests = writes(driver, 8);
      awaitAll(driver, requests);
      driver.device.wantBack();

      driver.until("it is forgotten", () -> driver.module.all().isEmpty());

      assertThat(driver.removed).isTrue();
      assertThat(driver.device.dma().allocations()).isZero();
      assertThat(driver.device.readConfig(4) & 4).as("bus master").isZero();
    }
  }

  @Test
  void aQueueWhoseIdWasUsedBeforeBeginsEmptyForAControllerThatLooksAtItsDoorbellsAllTheTime()
      throws Exception {
    try (DriverOnModel driver = driver()) {
      driver.model().spinning(true); // the driver writes doorbells to memory only
      for (int i = 0; i < 3; i++) {
        awaitAll(driver, writes(driver, 5));
        driver.reopenChannel();
      }
      awaitAll(driver, writes(driver, 5));

      assertThat(state(driver)).isEqualTo(State.LIVE);
      assertThat(driver.model().violations()).isEmpty();
    }
  }

  @Test
  void requestsThatWaitForABufferEndToo() throws Exception {
    try (DriverOnModel driver =
        new DriverOnModel(disk(), ControllerOptions.DEFAULTS, false).open("Nvme0n1")) {
      List<Request> requests = writes(driver, 64); // 16 buffers there are
      driver.step();
      driver.device.pullOut();

      awaitAll(driver, requests);

      assertThat(requests).anyMatch(r -> r.status == IoStatus.IO_ERROR);
    }
  }

  @Test
  void aStatusThatMayBeRetriedIsAndOneThatMustNotIsNot() throws Exception {
    try (DriverOnModel driver = driver()) {
      driver.model().script().io().opcode(2).times(2).does(Fault.status(Status.INTERNAL_ERROR));
      assertThat(driver.run(IoType.READ, 0, BYTES, driver.memory.address()))
          .isEqualTo(IoStatus.SUCCESS);

      driver
          .model()
          .script()
          .io()
          .opcode(2)
          .does(Fault.status(Status.INTERNAL_ERROR | Status.DO_NOT_RETRY));
      assertThat(driver.run(IoType.READ, 0, BYTES, driver.memory.address()))
          .isEqualTo(IoStatus.IO_ERROR);
    }
  }

  @Test
  void aControllerThatNeverGetsReadyIsNotAttached() throws Exception {
    try (DriverOnModel driver = new DriverOnModel(disk())) {
      driver.model().neverReady(true);

      assertThatThrownBy(() -> driver.open("Nvme0n1"))
          .isInstanceOf(BdevException.class)
          .hasMessageContaining("model:MODEL0: not ready within");

      assertThat(driver.module.all()).isEmpty();
      assertThat(driver.device.dma().allocations()).isZero();
    }
  }

  @Test
  void aNamespaceThatCannotBeIsLeftOut() throws Exception {
    try (DriverOnModel driver = new DriverOnModel(disk())) {
      byte[] impossible = new byte[4096];
      impossible[0] = 1;
      impossible[128 + 2] = 40; // blocks of 2^40 bytes
      driver.model().replaceIdentify(0, impossible);

      assertThatThrownBy(() -> driver.open("Nvme0n1")).hasMessageContaining("no bdev Nvme0n1");
      assertThat(driver.controller().state()).isEqualTo(State.LIVE);
    }
  }
}
