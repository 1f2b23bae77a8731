package io.millrace.nvme.model;

import java.nio.ByteBuffer;

/** The admin command set (base specification 2.0 §5). */
final class AdminCommands {
  private static final int QUEUE_CONTIGUOUS = 1;
  private static final int QUEUE_INTERRUPTS = 2;
  private static final int PAGE_MASK = 0xfff;
  private static final int LOG_RETAIN_EVENT = 1 << 15;
  private static final int IOSQES = 6;
  private static final int IOCQES = 4;

  private final ModelController controller;
  private final ModelOptions options;
  private final DataPointer data;

  AdminCommands(ModelController controller) {
    this.controller = controller;
    options = controller.options;
    data = controller.data;
  }

  int execute(Command command) {
    int status = run(command);
    return status == Status.SUCCESS || status == QueueEngine.HELD
        ? status
        : status | Status.DO_NOT_RETRY;
  }

  private int run(Command command) {
    // Over PCIe admin commands use PRPs, and none is fused.
    if (command.psdt() != 0 || command.fuse() != 0) {
      return Status.INVALID_FIELD;
    }
    return switch (command.opcode()) {
      case Opcode.DELETE_SQ -> deleteSubmissionQueue(command);
      case Opcode.CREATE_SQ -> createSubmissionQueue(command);
      case Opcode.DELETE_CQ -> deleteCompletionQueue(command);
      case Opcode.CREATE_CQ -> createCompletionQueue(command);
      case Opcode.GET_LOG_PAGE -> getLogPage(command);
      case Opcode.IDENTIFY -> identify(command);
      case Opcode.ABORT -> abort(command);
      case Opcode.SET_FEATURES -> controller.features.set(command, controller.engine.hasIoQueues());
      case Opcode.GET_FEATURES -> controller.features.get(command);
      case Opcode.ASYNC_EVENT_REQUEST -> controller.events.request(command);
      case Opcode.DOORBELL_BUFFER_CONFIG -> doorbellBuffer(command);
      default -> Status.INVALID_OPCODE;
    };
  }

  private int createCompletionQueue(Command command) {
    int id = command.dword10() & 0xffff;
    int size = (command.dword10() >>> 16) + 1;
    int vector = command.dword11() >>> 16;
    boolean interrupts = (command.dword11() & QUEUE_INTERRUPTS) != 0;
    if (isBadId(id) || controller.engine.completion(id) != null) {
      return Status.INVALID_QUEUE_ID;
    }
    if (isBadSize(size) || Reg.ccIocqes(controller.cc()) != IOCQES) {
      return Status.INVALID_QUEUE_SIZE;
    }
    int status = checkMemory(command);
    if (status != Status.SUCCESS) {
      return status;
    }
    if (interrupts && vector >= Math.max(1, options.vectors)) {
      return Status.INVALID_INTERRUPT_VECTOR;
    }
    controller.engine.add(new CompletionQueue(id, command.prp1(), size, interrupts ? vector : -1));
    return Status.SUCCESS;
  }

  private int createSubmissionQueue(Command command) {
    int id = command.dword10() & 0xffff;
    int size = (command.dword10() >>> 16) + 1;
    CompletionQueue completions = controller.engine.completion(command.dword11() >>> 16);
    if (completions == null || completions.id == 0) {
      return Status.COMPLETION_QUEUE_INVALID;
    }
    if (isBadId(id) || controller.engine.submission(id) != null) {
      return Status.INVALID_QUEUE_ID;
    }
    if (isBadSize(size) || Reg.ccIosqes(controller.cc()) != IOSQES) {
      return Status.INVALID_QUEUE_SIZE;
    }
    int status = checkMemory(command);
    if (status == Status.SUCCESS) {
      controller.engine.add(new SubmissionQueue(id, command.prp1(), size, completions));
    }
    return status;
  }

  private boolean isBadId(int id) {
    return id == 0 || id > controller.features.queuesGranted();
  }

  private boolean isBadSize(int size) {
    return size < 2 || size > options.mqes + 1;
  }

  /** CAP.CQR is set: queues are in one piece. */
  private int checkMemory(Command command) {
    if ((command.dword11() & QUEUE_CONTIGUOUS) == 0) {
      return Status.INVALID_FIELD;
    }
    return (command.prp1() & (controller.pageBytes() - 1)) != 0 || command.prp1() == 0
        ? Status.INVALID_PRP_OFFSET
        : Status.SUCCESS;
  }

  private int deleteSubmissionQueue(Command command) {
    SubmissionQueue queue = controller.engine.submission(command.dword10() & 0xffff);
    if (queue == null || queue.id == 0) {
      return Status.INVALID_QUEUE_ID;
    }
    controller.engine.removeSubmission(queue);
    return Status.SUCCESS;
  }

  private int deleteCompletionQueue(Command command) {
    CompletionQueue queue = controller.engine.completion(command.dword10() & 0xffff);
    if (queue == null || queue.id == 0) {
      return Status.INVALID_QUEUE_ID;
    }
    if (queue.submissionQueues > 0) {
      return Status.INVALID_QUEUE_DELETION;
    }
    controller.engine.removeCompletion(queue.id);
    return Status.SUCCESS;
  }

  private int identify(Command command) {
    ByteBuffer structure = ByteBuffer.allocate(IdentifyData.BYTES);
    int cns = command.dword10() & 0xff;
    int csi = command.dword11() >>> 24;
    int status = controller.identify.fill(cns, csi, command.nsid(), structure);
    return status == Status.SUCCESS
        ? send(command, structure.array(), 0, IdentifyData.BYTES)
        : status;
  }

  private int getLogPage(Command command) {
    int id = command.dword10() & 0xff;
    long dwords = (command.dword10() >>> 16 | (command.dword11() & 0xffffL) << 16) + 1;
    long offset = (command.dword12() & 0xffff_ffffL) | (long) command.dword13() << 32;
    byte[] page = controller.logs.page(id);
    if (page == null) {
      return Status.INVALID_LOG_PAGE;
    }
    if ((offset & 3) != 0 || offset < 0 || offset > page.length) {
      return Status.INVALID_FIELD;
    }
    int bytes = (int) Math.min(dwords * Integer.BYTES, page.length - offset);
    int status = send(command, page, (int) offset, bytes);
    if (status == Status.SUCCESS && (command.dword10() & LOG_RETAIN_EVENT) == 0) {
      controller.logs.read(id);
      controller.events.logRead(id);
    }
    return status;
  }

  private int send(Command command, byte[] bytes, int offset, int length) {
    if (length == 0) {
      return Status.SUCCESS;
    }
    int status = data.resolve(command, length, controller.pageBytes(), 0, false);
    if (status == Status.SUCCESS) {
      data.write(bytes, offset, length);
    }
    return status;
  }

  private int abort(Command command) {
    int queue = command.dword10() & 0xffff;
    int id = command.dword10() >>> 16;
    boolean aborted =
        (queue == 0 && controller.events.abort(controller.engine, id))
            || controller.engine.abort(queue, id);
    command.result = aborted ? 0 : 1;
    return Status.SUCCESS;
  }

  private int doorbellBuffer(Command command) {
    if (!options.doorbellBuffer) {
      return Status.INVALID_OPCODE;
    }
    if (((command.prp1() | command.prp2()) & PAGE_MASK) != 0
        || command.prp1() == 0
        || command.prp2() == 0) {
      return Status.INVALID_FIELD;
    }
    controller.doorbells.shadows(command.prp1(), command.prp2());
    return Status.SUCCESS;
  }
}
