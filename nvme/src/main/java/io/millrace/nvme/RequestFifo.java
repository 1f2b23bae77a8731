package io.millrace.nvme;

import org.jspecify.annotations.Nullable;

/** Requests that wait, oldest first, linked through themselves. One thread. */
@SuppressWarnings("ReferenceEquality") // this request, not one like it
final class RequestFifo {
  private @Nullable NvmeRequest first;
  private @Nullable NvmeRequest last;

  boolean isEmpty() {
    return first == null;
  }

  @Nullable NvmeRequest first() {
    return first;
  }

  void add(NvmeRequest request) {
    request.next = null;
    NvmeRequest before = last;
    if (before == null) {
      first = request;
    } else {
      before.next = request;
    }
    last = request;
  }

  void addFirst(NvmeRequest request) {
    request.next = first;
    first = request;
    if (last == null) {
      last = request;
    }
  }

  @Nullable NvmeRequest poll() {
    NvmeRequest request = first;
    if (request != null) {
      first = request.next;
      request.next = null;
      if (first == null) {
        last = null;
      }
    }
    return request;
  }

  /** Takes one out, wherever it is; false if it is not here. */
  boolean remove(NvmeRequest wanted) {
    NvmeRequest before = null;
    for (NvmeRequest one = first; one != null; one = one.next) {
      if (one == wanted) {
        if (before == null) {
          first = one.next;
        } else {
          before.next = one.next;
        }
        if (last == one) {
          last = before;
        }
        one.next = null;
        return true;
      }
      before = one;
    }
    return false;
  }
}
