package io.millrace.nvme.model;

import io.millrace.linux.RawMemory;

/** A completion queue as the controller has it. */
final class CompletionQueue {
  static final int ENTRY_BYTES = 16;

  final int id;
  final long iova;
  final int size; // entries
  final int vector; // -1 without interrupts
  int head;
  int submissionQueues;
  boolean signal; // an interrupt is due
  private int tail;
  private int phase = 1;

  CompletionQueue(int id, long iova, int size, int vector) {
    this.id = id;
    this.iova = iova;
    this.size = size;
    this.vector = vector;
  }

  boolean isFull() {
    return (tail + 1 == size ? 0 : tail + 1) == head;
  }

  /** How many entries the host has not taken. */
  int unread() {
    return tail >= head ? tail - head : tail - head + size;
  }

  /** How far {@code newHead} is ahead of the head. */
  int advance(int newHead) {
    return newHead >= head ? newHead - head : newHead - head + size;
  }

  /**
   * Appends an entry.
   *
   * @param address host address of the queue's start
   * @param wrongPhase as if it had been there before
   */
  void post(long address, int result, int sqid, int sqhd, int cid, int status, boolean wrongPhase) {
    long entry = address + (long) tail * ENTRY_BYTES;
    int bit = wrongPhase ? phase ^ 1 : phase;
    RawMemory.putInt(entry, result);
    RawMemory.putInt(entry + 4, 0);
    RawMemory.putInt(entry + 8, (sqhd & 0xffff) | sqid << 16);
    // The phase makes it valid: last.
    RawMemory.putIntRelease(entry + 12, (cid & 0xffff) | (status << 1 | bit) << 16);
    signal = true;
    if (++tail == size) {
      tail = 0;
      phase ^= 1;
    }
  }
}
