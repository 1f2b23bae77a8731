package io.millrace.nvme;

import io.millrace.nvme.NvmeRequest.State;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.reactor.Deferral;
import io.millrace.reactor.Deferred;
import io.millrace.reactor.Poller;
import io.millrace.reactor.PollerHandle;
import io.millrace.reactor.Reactor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A submission and a completion queue and the commands in them, owned by one reactor (base 2.0
 * §3.3). Data path: everything runs on that reactor, and what an ordinary command passes through
 * allocates nothing.
 *
 * <p>It keeps requests while there is no controller to send them to, at first and during a reset;
 * what a reset found with the controller is sent again in its old order afterwards, unless that
 * would do something twice. When the controller has failed they end with an error.
 */
public final class QueuePair implements Poller, Deferred {
  private static final Logger LOG = LoggerFactory.getLogger(QueuePair.class);

  private enum Mode {
    /** The controller does not have the queues, or is not to use them: requests wait. */
    DETACHED,
    LIVE,
    /** The controller has failed or is gone: requests end at once. */
    DEAD
  }

  private static final int BATCH = 64;

  private final String name;
  private final Reactor reactor;
  private final QueueOwner owner;
  private final int depth;
  private final PendingRequests requests;
  private final CommandSlots slots;
  private final RequestFifo waiting;
  private final OverdueWatch watch;
  private final TransportStatistics counts;
  private final PollerHandle handle;
  private final Deferral bell;
  private RetryRule retry = RetryRule.NONE;
  private Mode mode = Mode.DETACHED;
  private @Nullable QueueRings rings;
  private long listAddress;
  private long listIova;
  private int id;
  private long pageMask;
  private long sequence;
  private @Nullable InjectedErrors errors;
  private boolean wakesUs;
  private int deadStatus;

  /**
   * A pair that waits for its queues.
   *
   * @param name for messages
   * @param depth most commands at once, below {@link CommandSlots#MAX}
   * @param timeoutNanos how long a command may take before the owner is told
   * @param counts where what it does is counted, with other pairs of the reactor or alone
   */
  QueuePair(
      String name,
      Reactor reactor,
      QueueOwner owner,
      int depth,
      long timeoutNanos,
      TransportStatistics counts) {
    this.name = name;
    this.reactor = reactor;
    this.owner = owner;
    this.depth = depth;
    this.requests = new PendingRequests(depth);
    this.slots = requests.sent();
    this.waiting = requests.waiting();
    this.watch = new OverdueWatch(reactor, slots, timeoutNanos, this::late);
    this.counts = counts;
    this.bell = reactor.deferral(this);
    this.handle = reactor.add(this);
  }

  /**
   * Gives the pair queues that the controller has, and sends what waits.
   *
   * @param rings empty, of more entries than {@code depth}
   * @param lists {@link #listBytes} of memory
   * @param wakesUs whether completions bring an interrupt that calls {@link #interrupted}
   */
  void attach(
      int id, QueueRings rings, DmaMemory lists, long pageMask, RetryRule rule, boolean wakesUs) {
    assert mode != Mode.LIVE && rings.entries() > depth : this;
    if (mode == Mode.DEAD) {
      return; // the controller failed while they were made
    }
    this.id = id;
    this.rings = rings;
    this.listAddress = lists.address();
    this.listIova = lists.iova();
    this.pageMask = pageMask;
    this.wakesUs = wakesUs;
    retry = rule;
    mode = Mode.LIVE;
    handle.wake();
    pump();
  }

  static long listBytes(int depth) {
    return (long) depth * DataPointer.LIST_BYTES;
  }

  /**
   * Takes the queues away before the controller is reset: whatever it has is kept.
   *
   * @param trusted whether completions that are there already still count
   */
  void detach(boolean trusted) {
    if (trusted && mode == Mode.LIVE) {
      poll();
    }
    if (mode == Mode.LIVE) {
      mode = Mode.DETACHED;
    }
    rings = null;
  }

  /**
   * The controller has been stopped, so nothing it had will come: puts that back in its old order,
   * before what waits. What must not be done twice ends as aborted.
   */
  void reclaim() {
    assert mode != Mode.LIVE : this;
    requests.reclaim();
  }

  /**
   * Nothing is sent any more: ends all requests, now and from now on. The controller has been
   * stopped, or cannot reach memory.
   */
  void kill(int status) {
    mode = Mode.DEAD;
    deadStatus = status;
    rings = null;
    watch.stop();
    requests.endAll(status);
  }

  /** A controller is there again, or will be: requests wait for it. */
  void revive() {
    if (mode == Mode.DEAD) {
      mode = Mode.DETACHED;
    }
  }

  /** Takes the pair off its reactor; nothing is submitted. */
  void close() {
    watch.stop();
    handle.close();
    rings = null;
    mode = Mode.DEAD;
  }

  /** Its reactor. */
  public Reactor reactor() {
    return reactor;
  }

  int id() {
    return id;
  }

  /**
   * Submits a command; it completes once, perhaps before this returns.
   *
   * @param request filled; its data as the controller's limits want it
   */
  public void submit(NvmeRequest request) {
    assert request.state == State.FREE : request;
    if (mode == Mode.DEAD) {
      request.state = State.WAITING;
      PendingRequests.endUnsent(request, deadStatus);
    } else if (mode == Mode.LIVE
        && slots.freeCount() >= request.commandCount()
        && waiting.isEmpty()) {
      send(request);
    } else {
      request.state = State.WAITING;
      waiting.add(request);
      counts.queued();
    }
  }

  /** Submits two commands that the controller does as one, or not at all: base 2.0 §3.4.2. */
  public void submitFused(NvmeRequest first, NvmeRequest second) {
    first.fuseWith(second);
    submit(first);
  }

  /** Asks that a submitted command end soon; it completes either way. */
  public void cancel(NvmeRequest request) {
    if (request.state == State.WAITING && waiting.remove(request)) {
      PendingRequests.endUnsent(request, NvmeStatus.ABORTED_BY_REQUEST);
    } else if (request.state == State.SENT || request.state == State.WAITING) {
      request.cancelled = true; // in a reset, or while a retry is due, it ends there
      if (request.state == State.SENT && mode == Mode.LIVE && !request.abortAsked) {
        request.abortAsked = true;
        owner.abort(this, request.commandId);
      }
    }
  }

  /** Has commands end with errors that did not happen; null for no longer. */
  void inject(@Nullable ErrorInjection injection, int opcode) {
    errors = InjectedErrors.changed(errors, injection, opcode);
  }

  private void send(NvmeRequest request) {
    InjectedErrors injected = errors;
    if (injected != null && injected.withhold(request, reactor)) {
      return;
    }
    NvmeRequest second = request.second;
    sendOne(request);
    if (second != null) {
      sendOne(second);
    }
    bell.ask();
    if (slots.dueCount() == request.commandCount()) {
      handle.wake();
      watch.start();
    }
  }

  private void sendOne(NvmeRequest request) {
    QueueRings to = Objects.requireNonNull(rings, name);
    long offset = (long) slots.take(request) * DataPointer.LIST_BYTES;
    long entry = to.nextEntry();
    request.state = State.SENT;
    request.sentEpoch = watch.epoch();
    request.sequence = sequence++;
    int flags =
        DataPointer.write(
            request,
            entry + SubmissionEntry.DATA_POINTER,
            listAddress + offset,
            listIova + offset,
            pageMask);
    SubmissionEntry.write(entry, request, flags);
    to.push();
    counts.submitted();
  }

  /** Rings the doorbell for what this round sent. */
  @Override
  public void endOfRound() {
    QueueRings current = rings;
    if (current != null) {
      current.ringTail(counts);
    }
  }

  @Override
  public int poll() {
    QueueRings from = rings;
    if (from == null) {
      return 0;
    }
    int taken = take(from);
    counts.polled(taken);
    if (taken > 0 && rings == from) {
      from.ringHead(taken, counts);
      pump();
    }
    return taken;
  }

  /** Takes completions until there are no more, or one or its user did away with the queues. */
  private int take(QueueRings from) {
    int taken = 0;
    while (taken < BATCH && rings == from) {
      long word = from.peek();
      if (!from.isNew(word)) {
        break;
      }
      boolean ours = QueueRings.queueId(word) == id && QueueRings.submissionHead(word) <= depth;
      NvmeRequest request = ours ? slots.find(QueueRings.commandId(word)) : null;
      if (request == null) {
        lied(word);
        return taken;
      }
      long result = from.result();
      from.pop();
      taken++;
      arrived(request, QueueRings.status(word), result);
    }
    return taken;
  }

  private void lied(long word) {
    rings = null;
    mode = Mode.DETACHED;
    owner.lied(this, name + ": a completion of no command: " + QueueRings.text(word));
  }

  private void arrived(NvmeRequest request, int real, long result) {
    InjectedErrors injected = errors;
    int status = injected == null ? real : injected.status(request, real);
    slots.free(request);
    boolean again = status != 0 && request.repeatable && !request.cancelled;
    if (again && retry.applies(status, request.retries, request.abortAsked)) {
      retryLater(request, retry.delayNanos(status));
    } else {
      request.end(status, result);
    }
  }

  private void retryLater(NvmeRequest request, long delayNanos) {
    request.state = State.WAITING;
    request.retries++;
    request.abortAsked = false;
    if (delayNanos == 0) {
      waiting.add(request);
    } else {
      var _ = reactor.schedule(delayNanos, () -> again(request));
    }
  }

  private void again(NvmeRequest request) {
    if (request.cancelled || mode == Mode.DEAD) {
      request.end(request.cancelled ? NvmeStatus.ABORTED_BY_REQUEST : deadStatus, 0);
    } else {
      waiting.addFirst(request);
      pump();
    }
  }

  private void pump() {
    NvmeRequest request = waiting.first();
    while (request != null && mode == Mode.LIVE && slots.freeCount() >= request.commandCount()) {
      waiting.poll();
      send(request);
      request = waiting.first();
    }
  }

  private void late(NvmeRequest request, boolean hopeless, boolean first) {
    if (mode != Mode.LIVE) {
      return;
    }
    if (hopeless) {
      owner.hangs(this, name + ": no answer to " + request + ", aborting it did not help");
    } else if (!request.abortAsked) {
      if (first) {
        LOG.warn("{}: no answer to {} yet; aborting what is as late", name, request);
      }
      request.abortAsked = true;
      owner.abort(this, request.commandId);
    }
  }

  /** For {@link io.millrace.reactor.FdWatch}: the controller's interrupt came. */
  void interrupted() {
    handle.wake();
  }

  @Override
  public boolean arm() {
    QueueRings current = rings;
    if (current == null || slots.dueCount() == 0) {
      return true; // nothing to come, or nothing that is in a hurry
    }
    return wakesUs && !current.isNew(current.peek());
  }

  @Override
  public void disarm() {
    // Interrupts come while the pair is polled, too: each is a write to an eventfd that nobody
    // reads.
  }

  @Override
  public void failed(Throwable cause) {
    LOG.error("{}: a defect of Millrace; the controller is taken out of service", name, cause);
    rings = null;
    mode = Mode.DETACHED;
    owner.lied(this, name + ": " + cause);
  }

  @Override
  public String toString() {
    return name + " " + mode + ", " + slots.busyCount() + " commands";
  }
}
