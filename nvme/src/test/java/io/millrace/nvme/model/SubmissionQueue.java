package io.millrace.nvme.model;

import java.util.BitSet;

/** A submission queue as the controller has it. */
final class SubmissionQueue {
  final int id;
  final long iova;
  final int size; // entries
  final CompletionQueue completions;
  final BitSet outstanding = new BitSet(); // command ids
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

  /** The entry at the head, which moves on. */
  long takeIova() {
    long entry = iova + (long) head * Command.BYTES;
    head = head + 1 == size ? 0 : head + 1;
    return entry;
  }
}
