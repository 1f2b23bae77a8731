package io.millrace.bdev.file;

import java.util.Arrays;

/**
 * The requests of one engine, by slot: as many as the deepest queue ever needed. One reactor's
 * thread; allocates only to grow.
 */
final class RequestPool {
  private static final int FIRST = 256;

  private FileRequest[] requests = {};
  private FileRequest[] free = {};
  private int freeCount;

  RequestPool() {
    grow(FIRST);
  }

  /** A free request. */
  FileRequest take() {
    if (freeCount == 0) {
      grow(requests.length * 2);
    }
    return free[--freeCount];
  }

  /** Takes back one that has ended. */
  void give(FileRequest request) {
    free[freeCount++] = request;
  }

  /** The request of a slot, free or not. */
  FileRequest get(int slot) {
    return requests[slot];
  }

  /** How many slots there are, from 0. */
  int size() {
    return requests.length;
  }

  private void grow(int count) {
    int had = requests.length;
    requests = Arrays.copyOf(requests, count);
    free = Arrays.copyOf(free, count);
    for (int i = had; i < count; i++) {
      requests[i] = new FileRequest(i);
      free[freeCount++] = requests[i];
    }
  }
}
