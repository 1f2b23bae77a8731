package io.millrace.nvme.model;

import io.millrace.linux.RawMemory;

/** One submission queue entry (64 bytes), read once. */
final class Command {
  static final int BYTES = 64;

  private long dwords01;
  private long dwords67;
  private long dwords89;
  private long dwords1011;
  private long dwords1213;
  private long dwords1415;

  /** Where it came from. */
  SubmissionQueue queue;

  /** Dword 0 of its completion. */
  int result;

  /** The host address to read from; checked. */
  void read(SubmissionQueue from, long address) {
    queue = from;
    result = 0;
    dwords01 = RawMemory.getLong(address);
    dwords67 = RawMemory.getLong(address + 24);
    dwords89 = RawMemory.getLong(address + 32);
    dwords1011 = RawMemory.getLong(address + 40);
    dwords1213 = RawMemory.getLong(address + 48);
    dwords1415 = RawMemory.getLong(address + 56);
  }

  Command copy() {
    Command copy = new Command();
    copy.queue = queue;
    copy.dwords01 = dwords01;
    copy.dwords67 = dwords67;
    copy.dwords89 = dwords89;
    copy.dwords1011 = dwords1011;
    copy.dwords1213 = dwords1213;
    copy.dwords1415 = dwords1415;
    return copy;
  }

  int opcode() {
    return (int) dwords01 & 0xff;
  }

  int fuse() {
    return (int) dwords01 >> 8 & 3;
  }

  int psdt() {
    return (int) dwords01 >> 14 & 3;
  }

  int id() {
    return (int) dwords01 >>> 16;
  }

  int nsid() {
    return (int) (dwords01 >>> 32);
  }

  /** PRP entry 1, or the first half of the SGL descriptor. */
  long prp1() {
    return dwords67;
  }

  long prp2() {
    return dwords89;
  }

  int dword10() {
    return (int) dwords1011;
  }

  int dword11() {
    return (int) (dwords1011 >>> 32);
  }

  long dwords1011() {
    return dwords1011;
  }

  int dword12() {
    return (int) dwords1213;
  }

  int dword13() {
    return (int) (dwords1213 >>> 32);
  }

  int dword14() {
    return (int) dwords1415;
  }

  @Override
  public String toString() {
    return "queue %d command %d: opcode %02x nsid %x dw10 %x"
        .formatted(queue.id, id(), opcode(), nsid(), dword10());
  }
}
