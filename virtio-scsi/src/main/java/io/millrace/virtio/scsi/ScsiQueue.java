package io.millrace.virtio.scsi;

import io.millrace.scsi.LunPath;
import io.millrace.scsi.TaskSubject;
import io.millrace.vhost.user.server.GoingMemory;
import io.millrace.vhost.user.server.QueueContext;
import io.millrace.vhost.user.server.QueueCounters;
import io.millrace.vhost.user.server.QueueHandler;
import io.millrace.vhost.user.server.RequestTracker;
import io.millrace.virtio.scsi.ScsiRequest.State;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.GuestWrites;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One running request queue of a SCSI controller (virtio 1.3 §5.6.6.1): chains to commands and
 * back. Data path, on the queue's reactor.
 */
final class ScsiQueue implements QueueHandler {
  private final QueueContext context;
  private final GuestWrites writes;
  private final QueueCounters counters;
  private final RequestReader reader;
  private final TargetPaths targets;

  // Requests: grown to the depth the guest really uses, then reused for ever.
  private ScsiRequest[] all = new ScsiRequest[0];
  private ScsiRequest[] free = new ScsiRequest[0];
  private int freeCount;
  private ScsiRequest[] taken = new ScsiRequest[0];
  private int takenCount;
  private int startedIndex; // of taken
  private ScsiRequest[] done = new ScsiRequest[0];
  private int doneCount;
  private int respondedCount; // of done, and not recycled
  private int startedCount; // until recycled
  private int markedCount;
  private @Nullable RequestTracker tracker; // while somebody wants to know of each request

  ScsiQueue(ScsiSession session, QueueContext context) {
    this.context = context;
    writes = context.writes();
    counters = context.counters();
    targets = new TargetPaths(session, context.reactor());
    reader = new RequestReader(targets);
  }

  // ---- fetched ----------------------------------------------------------------------------------

  @Override
  public long take(DescriptorChain chain) {
    if (chain.readableBytes() < RequestReader.HEADER_BYTES
        || chain.writableBytes() < ScsiRequest.RESPONSE_BYTES
        || !chain.isWhole()) {
      return NO_REQUEST; // not all of a command, or nowhere to say how it went
    }
    ScsiRequest request = freeCount > 0 ? free[freeCount - 1] : grow();
    request.head = chain.head();
    request.respondInto(chain);
    reader.fill(request, chain);
    RequestTracker following = tracker;
    if (following != null) {
      request.follow(following);
    }
    request.state = State.TAKEN;
    freeCount--;
    taken[takenCount++] = request;
    return request.workBytes();
  }

  @Override
  public void follow(@Nullable RequestTracker following) {
    tracker = following;
  }

  @Override
  public int undone() {
    return outstanding() - doneCount;
  }

  @Override
  public void followUndone() {
    RequestTracker following = tracker;
    for (int i = 0; following != null && i < all.length; i++) {
      all[i].followIfUndone(following);
    }
  }

  private ScsiRequest grow() {
    int now = all.length;
    int wanted = Math.min(context.size(), Math.max(8, now * 2));
    all = Arrays.copyOf(all, wanted);
    free = Arrays.copyOf(free, wanted);
    taken = Arrays.copyOf(taken, wanted);
    done = Arrays.copyOf(done, wanted);
    for (int i = now; i < wanted; i++) {
      all[i] = new ScsiRequest(this);
      free[freeCount++] = all[i];
    }
    return free[freeCount - 1];
  }

  // ---- submitted --------------------------------------------------------------------------------

  // What is long has its turns by the reactor's messages: goOn is not for it.

  @Override
  public void submitTaken() {
    while (startedIndex < takenCount) {
      ScsiRequest request = taken[startedIndex++];
      request.started();
      startedCount++;
      LunPath path = request.path;
      if (request.refusal != Response.OK || path == null) {
        ended(request);
      } else {
        path.submit(request);
      }
    }
    startedIndex = 0;
    takenCount = 0;
  }

  @Override
  public int outstanding() {
    return startedCount + takenCount - startedIndex;
  }

  /** A request is so far: whoever gets it after this process is to know. */
  void reached(int head, int how) {
    context.milestone(head, how);
  }

  // ---- done -------------------------------------------------------------------------------------

  /** A request has ended. */
  void ended(ScsiRequest request) {
    request.done();
    done[doneCount++] = request;
    context.requestDone();
  }

  // ---- published --------------------------------------------------------------------------------

  @Override
  public void respond(Returns returns) {
    for (int i = 0; i < doneCount; i++) {
      ScsiRequest request = done[i];
      long written = request.respond(writes);
      returns.give(request.head, written);
    }
    respondedCount = doneCount;
    writes.flush();
  }

  @Override
  public void recycle() {
    for (int i = 0; i < doneCount; i++) {
      ScsiRequest request = done[i];
      if (i < respondedCount) { // here, not there: its driver waits for the answer
        counters.answered(request.kind(), TaskSubject.coveredBytes(request), request.hasFailed());
      }
      startedCount--;
      free(request);
    }
    doneCount = 0;
    respondedCount = 0;
  }

  private void free(ScsiRequest request) {
    request.free();
    if (request.marked) {
      request.marked = false;
      markedCount--;
    }
    free[freeCount++] = request;
  }

  @Override
  public void cancelAll() {
    for (ScsiRequest request : all) {
      if (request.state != State.STARTED && request.isPrepared()) {
        request.abandon(); // taken, or its chain could be read in part only
      }
    }
    while (startedIndex < takenCount) {
      free(taken[startedIndex++]);
    }
    startedIndex = 0;
    takenCount = 0;
    for (ScsiRequest request : all) {
      cancel(request);
    }
  }

  private static void cancel(ScsiRequest request) {
    LunPath path = request.path;
    if (request.state == State.STARTED && path != null && request.refusal == Response.OK) {
      path.cancel(request);
    }
  }

  // ---- memory that goes -------------------------------------------------------------------------

  @Override
  public void mark(GoingMemory going) {
    if (going.isEmpty() && markedCount == 0) {
      return;
    }
    markedCount = 0;
    for (ScsiRequest request : all) {
      request.marked = request.state != State.FREE && request.pointsInto(going);
      markedCount += request.marked ? 1 : 0;
    }
  }

  @Override
  public int markedCount() {
    return markedCount;
  }

  @Override
  public void expedite(boolean onlyMarked) {
    for (ScsiRequest request : all) {
      LunPath path = request.path;
      boolean wanted = request.marked || !onlyMarked;
      if (wanted && request.state == State.STARTED && path != null) {
        path.expedite(request);
      }
    }
  }

  @Override
  public void cancelMarked() {
    for (ScsiRequest request : all) {
      if (request.marked) {
        cancel(request);
      }
    }
  }

  @Override
  public void close() {
    targets.close();
  }
}
