package io.millrace.nvme;

import io.millrace.nvme.NvmeRequest.State;

/** The requests of a queue pair: those that the controller has, and those that wait. One thread. */
final class PendingRequests {
  private final CommandSlots sent;
  private final RequestFifo waiting = new RequestFifo();

  PendingRequests(int depth) {
    sent = new CommandSlots(depth);
  }

  CommandSlots sent() {
    return sent;
  }

  RequestFifo waiting() {
    return waiting;
  }

  /**
   * Puts what the controller had before what waits, in its old order; what must not be done twice
   * ends as aborted.
   */
  void reclaim() {
    NvmeRequest[] had = sent.takeAll();
    for (int i = had.length - 1; i >= 0; i--) {
      NvmeRequest request = had[i];
      if (request.repeatable && !request.cancelled && request.second == null) {
        request.state = State.WAITING;
        request.abortAsked = false;
        waiting.addFirst(request);
      }
    }
    for (NvmeRequest request : had) {
      if (request.state == State.SENT) {
        request.end(NvmeStatus.ABORTED_SQ_DELETION | NvmeStatus.DNR, 0);
      }
    }
  }

  /** Ends all of them. */
  void endAll(int status) {
    for (NvmeRequest request : sent.takeAll()) {
      request.end(status, 0);
    }
    NvmeRequest request = waiting.poll();
    while (request != null) {
      endUnsent(request, status);
      request = waiting.poll();
    }
  }

  /** Ends a request that the controller does not have, with the other one if it is fused. */
  static void endUnsent(NvmeRequest request, int status) {
    NvmeRequest second = request.second;
    request.end(status, 0);
    if (second != null) {
      second.end(status, 0);
    }
  }
}
