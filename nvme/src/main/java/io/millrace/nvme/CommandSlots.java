package io.millrace.nvme;

import java.util.Arrays;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * The commands that a controller has, by slot. A command id is a slot (bits 0–9) and how often that
 * slot was used (bits 10–15): so a completion that comes twice, or too late, is known as such. Data
 * path; one thread.
 */
final class CommandSlots {
  /** Most slots that ids can tell apart. */
  static final int MAX = 1 << 10;

  private static final int SLOT_MASK = MAX - 1;
  private static final int USE = MAX;
  private static final int ID_MASK = 0xffff;

  private final @Nullable NvmeRequest[] requests;
  private final int[] lastIds;
  private final int[] free;
  private int freeCount;
  private int neverAnswered; // of those taken: event requests

  CommandSlots(int count) {
    requests = new NvmeRequest[count];
    lastIds = new int[count];
    free = new int[count];
    for (int slot = 0; slot < count; slot++) {
      lastIds[slot] = slot;
      free[slot] = count - 1 - slot;
    }
    freeCount = count;
  }

  int freeCount() {
    return freeCount;
  }

  int busyCount() {
    return requests.length - freeCount;
  }

  /** How many commands there are that will be answered soon: all but event requests. */
  int dueCount() {
    return busyCount() - neverAnswered;
  }

  /** Takes a slot for a request and gives it its command id; there is a free one. */
  int take(NvmeRequest request) {
    int slot = free[--freeCount];
    int id = lastIds[slot] + USE & ID_MASK;
    lastIds[slot] = id;
    requests[slot] = request;
    request.commandId = id;
    if (request.patience == NvmeRequest.FOR_EVER) {
      neverAnswered++;
    }
    return slot;
  }

  /** The request that a controller means, or null if it has none of that id. */
  @Nullable NvmeRequest find(int id) {
    int slot = id & SLOT_MASK;
    NvmeRequest request = slot < requests.length ? requests[slot] : null;
    return request != null && request.commandId == id ? request : null;
  }

  void free(NvmeRequest request) {
    int slot = request.commandId & SLOT_MASK;
    requests[slot] = null;
    free[freeCount++] = slot;
    if (request.patience == NvmeRequest.FOR_EVER) {
      neverAnswered--;
    }
  }

  /** Takes all requests out, in the order that they were sent in. Allocates. */
  NvmeRequest[] takeAll() {
    NvmeRequest[] all = all();
    for (NvmeRequest request : all) {
      free(request);
    }
    return all;
  }

  int size() {
    return requests.length;
  }

  /** The request in a slot, or null. */
  @Nullable NvmeRequest at(int slot) {
    return requests[slot];
  }

  private NvmeRequest[] all() {
    return Arrays.stream(requests)
        .filter(request -> request != null)
        .sorted(Comparator.comparingLong(request -> request.sequence))
        .toArray(NvmeRequest[]::new);
  }
}
