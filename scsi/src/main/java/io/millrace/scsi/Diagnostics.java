package io.millrace.scsi;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * SEND DIAGNOSTIC and RECEIVE DIAGNOSTIC RESULTS (SPC-5 §6.40, §6.21). The default self-test reads
 * a block; others would have to be done in the background, and are refused.
 */
final class Diagnostics {
  private static final int SELFTEST = 1 << 2;
  private static final int PF_BIT = 4;
  private static final int LENGTH_AT = 3;
  private static final int PCV = 1;
  private static final int PAGE_AT = 2;
  private static final int PAGE_HEADER_BYTES = 4;
  private static final int SUPPORTED_PAGES = 0x00; // the only page

  static final List<ScsiCommand> ROWS =
      List.of(
          // PF, SELFTEST, DEVOFFL, UNITOFFL.
          ScsiCommand.named("SEND DIAGNOSTIC", "1d 17 00 ff ff 00")
              .without(1, 7, 5) // SELF-TEST CODE
              .data(DataPhase.PARAMETERS, LENGTH_AT, 2)
              .doneBy(Diagnostics::send),
          ScsiCommand.named("RECEIVE DIAGNOSTIC RESULTS", "1c 01 ff ff ff 00")
              .data(DataPhase.ANSWER, 3, 2)
              .access(Access.READ)
              .doneBy(Diagnostics::receive));

  private Diagnostics() {}

  private static void send(LunPath path, ScsiTask task) {
    int bytes = task.parameterBytes();
    if ((task.cdb()[1] & SELFTEST) == 0) {
      page(task, bytes);
    } else if (bytes != 0) {
      task.checkField(LENGTH_AT, -1);
    } else if (path.unit().isStopped()) {
      task.check(Sense.NOT_READY_INITIALIZING_COMMAND_REQUIRED);
    } else {
      selfTest(path, task);
    }
  }

  /** A page that asks for the list of pages, which is what the next RECEIVE gets anyway. */
  private static void page(ScsiTask task, int bytes) {
    byte[] list = task.parameters();
    if (bytes == 0) {
      task.good();
    } else if ((task.cdb()[1] & 1 << PF_BIT) == 0) {
      task.checkField(1, PF_BIT);
    } else if (bytes < PAGE_HEADER_BYTES) {
      task.check(Sense.PARAMETER_LIST_LENGTH_ERROR);
    } else if (list[0] != SUPPORTED_PAGES) {
      task.checkParameter(0, -1);
    } else if (BigEndian.get16(list, 2) != 0) {
      task.checkParameter(2, -1);
    } else {
      task.good();
    }
  }

  private static void selfTest(LunPath path, ScsiTask task) {
    int bytes = path.unit().bdev().properties().blockSize();
    @Nullable BlockBuffer room = BlockBuffer.of(bytes);
    @Nullable BdevChannel channel = path.channel();
    if (room == null || channel == null) {
      task.end(ScsiStatus.BUSY);
      return;
    }
    task.blocks = room; // goes back when the task ends
    task.begin(IoType.READ, 0, bytes);
    task.addSegment(room.address(), bytes);
    TaskSteps steps = task.steps();
    steps.run((begun, ok) -> {
      steps.then(Diagnostics::tested);
      steps.submit();
    });
  }

  private static void tested(ScsiTask task, IoStatus status) {
    switch (status) {
      case SUCCESS -> task.good();
      case ABORTED -> task.end(status);
      default -> task.check(Sense.LOGICAL_UNIT_FAILED_SELF_TEST);
    }
  }

  private static void receive(LunPath path, ScsiTask task) {
    int page = BigEndian.get8(task.cdb(), PAGE_AT);
    if (page != SUPPORTED_PAGES && (task.cdb()[1] & PCV) != 0) {
      task.checkField(PAGE_AT, -1);
    } else {
      task.answer().put8(SUPPORTED_PAGES).put8(0).put16(1).put8(SUPPORTED_PAGES);
      task.good();
    }
  }
}
