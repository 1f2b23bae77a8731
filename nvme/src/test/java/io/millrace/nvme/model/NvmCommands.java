package io.millrace.nvme.model;

import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;

/** The NVM command set (NVM command set specification 1.0 §3). */
final class NvmCommands {
  private static final int ALL_NAMESPACES = -1;
  private static final int FORCE_UNIT_ACCESS = 1 << 30;
  private static final int DEALLOCATE = 1 << 2;
  private static final int RANGE_BYTES = 16;
  private static final int MOST_RANGES = 256;
  private static final int PAGE_SHIFT = 12;
  private static final int ONCS_COMPARE = 1;
  private static final int ONCS_DATASET_MANAGEMENT = 1 << 2;
  private static final int ONCS_WRITE_ZEROES = 1 << 3;
  private static final int ONCS_VERIFY = 1 << 7;

  private final ModelController controller;
  private final ModelOptions options;
  private final DataPointer data;
  private final Mapping ranges; // of a Dataset Management command

  NvmCommands(ModelController controller, Mapping scratch) {
    this.controller = controller;
    options = controller.options;
    data = controller.data;
    ranges = scratch;
  }

  int execute(Command command) {
    int status = run(command);
    // What is wrong with the command itself stays wrong.
    return status == Status.SUCCESS || status == Status.COMPARE_FAILURE
        ? status
        : status | Status.DO_NOT_RETRY;
  }

  private int run(Command command) {
    if (!isSupported(command.opcode())) {
      return Status.INVALID_OPCODE;
    }
    if (command.fuse() != 0) {
      return Status.INVALID_FIELD;
    }
    if (command.opcode() == Opcode.FLUSH && command.nsid() == ALL_NAMESPACES) {
      options.namespaces.forEach(ModelNamespace::flush);
      return Status.SUCCESS;
    }
    int nsid = command.nsid();
    if (nsid <= 0 || nsid > options.namespaces.size()) {
      return Status.INVALID_NAMESPACE;
    }
    ModelNamespace namespace = options.namespaces.get(nsid - 1);
    if (!namespace.isAttached()) {
      return Status.INVALID_FIELD;
    }
    return switch (command.opcode()) {
      case Opcode.FLUSH -> flush(namespace);
      case Opcode.DATASET_MANAGEMENT -> datasetManagement(command, namespace);
      default -> ofBlocks(command, namespace);
    };
  }

  private boolean isSupported(int opcode) {
    return switch (opcode) {
      case Opcode.FLUSH, Opcode.READ, Opcode.WRITE -> true;
      case Opcode.COMPARE -> (options.oncs & ONCS_COMPARE) != 0;
      case Opcode.DATASET_MANAGEMENT -> (options.oncs & ONCS_DATASET_MANAGEMENT) != 0;
      case Opcode.WRITE_ZEROES -> (options.oncs & ONCS_WRITE_ZEROES) != 0;
      case Opcode.VERIFY -> (options.oncs & ONCS_VERIFY) != 0;
      default -> false;
    };
  }

  private static int flush(ModelNamespace namespace) {
    namespace.flush();
    return Status.SUCCESS;
  }

  private int ofBlocks(Command command, ModelNamespace namespace) {
    long lba = command.dwords1011();
    long count = (command.dword12() & 0xffff) + 1L;
    long bytes = count << namespace.blockShift();
    int opcode = command.opcode();
    boolean transfers = opcode != Opcode.WRITE_ZEROES && opcode != Opcode.VERIFY;
    int limit = transfers ? options.mdts : opcode == Opcode.WRITE_ZEROES ? options.wzsl : 0;
    if (limit != 0 && bytes > 1L << (limit + options.mpsMin + PAGE_SHIFT)) {
      return Status.INVALID_FIELD;
    }
    if (!namespace.holds(lba, count)) {
      return Status.LBA_OUT_OF_RANGE;
    }
    boolean writes = opcode == Opcode.WRITE || opcode == Opcode.WRITE_ZEROES;
    if (writes && namespace.isWriteProtected()) {
      return Status.NAMESPACE_WRITE_PROTECTED;
    }
    if (namespace.isNull() || opcode == Opcode.VERIFY) {
      return Status.SUCCESS;
    }
    boolean through =
        (command.dword12() & FORCE_UNIT_ACCESS) != 0 || !controller.isWriteCacheEnabled();
    if (opcode == Opcode.WRITE_ZEROES) {
      namespace.zero(lba, count, through);
      return Status.SUCCESS;
    }
    int status =
        data.resolve(command, bytes, controller.pageBytes(), options.sgls, options.sglsLonger);
    if (status != Status.SUCCESS) {
      return status;
    }
    return transfer(opcode, namespace, lba, count, bytes, through);
  }

  private int transfer(
      int opcode, ModelNamespace namespace, long lba, long count, long bytes, boolean through) {
    long address = namespace.address(lba);
    if (opcode == Opcode.READ) {
      data.write(address, bytes);
    } else if (opcode == Opcode.WRITE) {
      data.read(address, bytes);
      namespace.wrote(lba, count, through);
    } else if (!data.equalTo(address, bytes)) {
      return Status.COMPARE_FAILURE;
    }
    return Status.SUCCESS;
  }

  private int datasetManagement(Command command, ModelNamespace namespace) {
    int count = (command.dword10() & 0xff) + 1;
    if (options.dmrl != 0 && count > options.dmrl) {
      return Status.COMMAND_SIZE_LIMIT_EXCEEDED;
    }
    assert count <= MOST_RANGES;
    long bytes = (long) count * RANGE_BYTES;
    int status =
        data.resolve(command, bytes, controller.pageBytes(), options.sgls, options.sglsLonger);
    if (status != Status.SUCCESS) {
      return status;
    }
    data.read(ranges.address(), bytes);
    for (int i = 0; i < count; i++) {
      if (!namespace.holds(startOf(i), lengthOf(i))) {
        return Status.LBA_OUT_OF_RANGE;
      }
    }
    if ((command.dword11() & DEALLOCATE) != 0) {
      if (namespace.isWriteProtected()) {
        return Status.NAMESPACE_WRITE_PROTECTED;
      }
      for (int i = 0; i < count; i++) {
        namespace.zero(startOf(i), lengthOf(i), !controller.isWriteCacheEnabled());
      }
    }
    return Status.SUCCESS;
  }

  private long lengthOf(int range) {
    return RawMemory.getInt(ranges.address() + (long) range * RANGE_BYTES + 4) & 0xffff_ffffL;
  }

  private long startOf(int range) {
    return RawMemory.getLong(ranges.address() + (long) range * RANGE_BYTES + 8);
  }
}
