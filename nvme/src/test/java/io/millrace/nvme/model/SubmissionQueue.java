package io.millrace.nvme.model;

/** A submission queue as the controller has it. */
final class SubmissionQueue {
  final int id;
  final long iova;
  final int size; // entries
  final CompletionQueue completions;
  private final boolean[] inUse = new boolean[1 << 16]; // by command id
  int head;
  int tail;

  SubmissionQueue(int id, long iova, int size, CompletionQueue completions) {
    this.id = id;
    this.iova = iova;
    this.size = size;
    this.completions = completions;
  }

  boolean isEmpty() {
    return head == tail;
  }

  /** Whether a command of that id is with the controller. */
  boolean isInUse(int commandId) {
    return inUse[commandId];
  }

  void inUse(int commandId, boolean now) {
    inUse[commandId] = now;
  }

  /** The entry at the head, which moves on. */
  long takeIova() {
    long entry = iova + (long) head * Command.BYTES;
    head = head + 1 == size ? 0 : head + 1;
    return entry;
  }
}
