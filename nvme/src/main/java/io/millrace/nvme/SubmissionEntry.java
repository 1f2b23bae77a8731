package io.millrace.nvme;

import io.millrace.linux.RawMemory;

/** Layout of a submission queue entry, base 2.0 §3.3.3.1. The address is the object. */
final class SubmissionEntry {
  static final int BYTES = 64;

  /** Offset of the two words that {@link DataPointer} writes. */
  static final int DATA_POINTER = 24;

  private static final int COMMAND_ID_SHIFT = 16; // of dword 0

  private SubmissionEntry() {}

  /**
   * Fills an entry, but for its data pointer.
   *
   * @param flags of dword 0, for the data pointer
   */
  static void write(long entry, NvmeRequest request, int flags) {
    RawMemory.putInt(entry, request.opcode | flags | request.commandId << COMMAND_ID_SHIFT);
    RawMemory.putInt(entry + 4, request.nsid);
    RawMemory.putInt(entry + 8, request.cdw2);
    RawMemory.putInt(entry + 12, request.cdw3);
    RawMemory.putLong(entry + 16, request.metadataIova);
    RawMemory.putInt(entry + 40, request.cdw10);
    RawMemory.putInt(entry + 44, request.cdw11);
    RawMemory.putInt(entry + 48, request.cdw12);
    RawMemory.putInt(entry + 52, request.cdw13);
    RawMemory.putInt(entry + 56, request.cdw14);
    RawMemory.putInt(entry + 60, request.cdw15);
  }
}
