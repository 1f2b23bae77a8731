package io.millrace.nvme.model;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The queues of an enabled controller: doorbells, fetching, completing. A command without {@link
 * Fault} is done and completed in the step that fetches it, and nothing is allocated.
 */
final class QueueEngine {
  /** Answer of {@link Executor#execute}: the completion comes later, by {@link #complete}. */
  static final int HELD = -1;

  /** Does commands. */
  interface Executor {
    /** A {@link Status}, with {@link Command#result} set; or {@link #HELD}. */
    int execute(Command command);
  }

  private record Pending(Command command, Fault fault, long dueStep) {}

  private static final long NEVER = Long.MAX_VALUE;
  private static final int UNKNOWN_ID_BITS = 0x5a5a;
  private static final int WRONG_SQHD = 0xfffe;

  private final ModelDma dma;
  private final Violations violations;
  private final Script script;
  private final Doorbells doorbells;
  private final Executor executor;
  private final ErrorLog errors;
  private final @Nullable SubmissionQueue[] submission;
  private final @Nullable CompletionQueue[] completion;
  private final List<Pending> pending = new ArrayList<>();
  private final Command current = new Command();
  private long step;
  private int posted;

  QueueEngine(ModelController controller, Doorbells doorbells, Executor executor, int queues) {
    dma = controller.dma;
    violations = controller.violations;
    script = controller.script;
    errors = controller.errors;
    this.doorbells = doorbells;
    this.executor = executor;
    submission = new SubmissionQueue[queues];
    completion = new CompletionQueue[queues];
  }

  int most() {
    return submission.length - 1;
  }

  @Nullable SubmissionQueue submission(int id) {
    return id >= 0 && id < submission.length ? submission[id] : null;
  }

  @Nullable CompletionQueue completion(int id) {
    return id >= 0 && id < completion.length ? completion[id] : null;
  }

  boolean hasIoQueues() {
    for (int id = 1; id < submission.length; id++) {
      if (submission[id] != null || completion[id] != null) {
        return true;
      }
    }
    return false;
  }

  void add(CompletionQueue queue) {
    completion[queue.id] = queue;
    doorbells.forget(queue.id, true);
  }

  void add(SubmissionQueue queue) {
    submission[queue.id] = queue;
    queue.completions.submissionQueues++;
    doorbells.forget(queue.id, false);
  }

  void removeCompletion(int id) {
    completion[id] = null;
  }

  /** Completes what it has with Command Aborted due to SQ Deletion, and removes it. */
  void removeSubmission(SubmissionQueue queue) {
    while (!queue.isEmpty() && fetch(queue)) {
      pending.add(new Pending(current.copy(), Fault.drop(), NEVER));
    }
    for (Iterator<Pending> all = pending.iterator(); all.hasNext(); ) {
      Pending each = all.next();
      if (each.command.queue == queue) {
        all.remove();
        complete(each.command, Status.ABORTED_SQ_DELETION);
      }
    }
    queue.completions.submissionQueues--;
    submission[queue.id] = null;
  }

  /** All queues are gone and nothing is completed any more. */
  void reset() {
    pending.clear();
    for (int id = 0; id < submission.length; id++) {
      submission[id] = null;
      completion[id] = null;
    }
  }

  /**
   * Aborts a command that waits.
   *
   * @return false if it is done or was never there
   */
  boolean abort(int queue, int id) {
    for (Iterator<Pending> all = pending.iterator(); all.hasNext(); ) {
      Pending each = all.next();
      if (each.command.queue.id == queue
          && each.command.id() == id
          && !each.command.queue.completions.isFull()) {
        all.remove();
        complete(each.command, Status.ABORT_REQUESTED);
        return true;
      }
    }
    return false;
  }

  /** Commands that were fetched and are not completed, without those held. */
  int waiting() {
    return pending.size();
  }

  /** One look at all queues; how many commands were fetched and completions posted. */
  int step() {
    step++;
    posted = 0;
    int fetched = 0;
    for (int id = 0; id < submission.length; id++) {
      SubmissionQueue queue = submission[id];
      if (queue != null) {
        doorbells.readTail(queue);
        doorbells.readHead(queue.completions);
        fetched += run(queue);
      }
    }
    int due = pending.isEmpty() ? 0 : runPending();
    return fetched + posted + due;
  }

  private int run(SubmissionQueue queue) {
    int fetched = 0;
    while (!queue.isEmpty() && !queue.completions.isFull() && fetch(queue)) {
      fetched++;
      if (queue.isInUse(current.id())) {
        violations.add("command id is in use: " + current);
        post(current, Status.COMMAND_ID_CONFLICT | Status.DO_NOT_RETRY, null);
        continue;
      }
      queue.inUse(current.id(), true);
      Fault fault = script.of(current);
      if (fault == null) {
        finish(current, null);
      } else if (fault.kind() == Fault.Kind.DELAY) {
        pending.add(new Pending(current.copy(), fault, step + fault.argument()));
      } else if (fault.kind() == Fault.Kind.DROP) {
        pending.add(new Pending(current.copy(), fault, NEVER));
      } else {
        finish(current, fault);
      }
      if (submission[queue.id] != queue) {
        break; // the command deleted it, or reset the controller
      }
    }
    return fetched;
  }

  private boolean fetch(SubmissionQueue queue) {
    long iova = queue.iova + (long) queue.head * Command.BYTES;
    long address = dma.translate(iova, Command.BYTES);
    if (address == ModelDma.NOT_MAPPED) {
      violations.add("submission queue %d at 0x%x is not mapped".formatted(queue.id, iova));
      return false;
    }
    queue.takeIova();
    current.read(queue, address);
    return true;
  }

  /** Does what is due now; how many commands are due later. */
  private int runPending() {
    int later = 0;
    for (int i = 0; i < pending.size(); ) {
      Pending each = pending.get(i);
      if (each.dueStep <= step && !each.command.queue.completions.isFull()) {
        pending.remove(i);
        finish(each.command, null);
      } else {
        later += each.dueStep > step && each.dueStep < NEVER ? 1 : 0;
        i++;
      }
    }
    return later;
  }

  private void finish(Command command, @Nullable Fault fault) {
    int status =
        fault != null && fault.kind() == Fault.Kind.STATUS
            ? fault.argument()
            : executor.execute(command);
    if (status != HELD) {
      complete(command, status, fault);
    }
  }

  /** Completes a command that was held. */
  void complete(Command command, int status) {
    complete(command, status, null);
  }

  private void complete(Command command, int status, @Nullable Fault fault) {
    command.queue.inUse(command.id(), false);
    int flags = status == Status.SUCCESS ? 0 : errors.add(command, status);
    if (fault != null && fault.kind() == Fault.Kind.UNKNOWN_ID) {
      post(command, command.id() ^ UNKNOWN_ID_BITS, status, null);
    }
    post(command, status | flags, fault);
    if (fault != null && fault.kind() == Fault.Kind.DUPLICATE) {
      post(command, status | flags, null);
    }
  }

  private void post(Command command, int status, @Nullable Fault fault) {
    post(command, command.id(), status, fault);
  }

  private void post(Command command, int id, int status, @Nullable Fault fault) {
    CompletionQueue queue = command.queue.completions;
    if (queue.isFull()) {
      return; // of more completions than commands, or of a queue that is deleted
    }
    long address = dma.translate(queue.iova, (long) queue.size * CompletionQueue.ENTRY_BYTES);
    if (address == ModelDma.NOT_MAPPED) {
      violations.add("completion queue %d at 0x%x is not mapped".formatted(queue.id, queue.iova));
      return;
    }
    Fault.Kind kind = fault == null ? Fault.Kind.DELAY : fault.kind();
    int sqid = kind == Fault.Kind.WRONG_SQID ? command.queue.id + 1 : command.queue.id;
    int sqhd = kind == Fault.Kind.WRONG_SQHD ? WRONG_SQHD : command.queue.head;
    boolean wrongPhase = kind == Fault.Kind.WRONG_PHASE;
    queue.post(address, command.result, sqid, sqhd, id, status, wrongPhase);
    posted++;
  }

  /** Completion queues that were added to since the last call; to be told to the host. */
  void eachToSignal(IntConsumer vector) {
    for (CompletionQueue queue : completion) {
      if (queue != null && queue.signal) {
        queue.signal = false;
        if (queue.vector >= 0) {
          vector.accept(queue.vector);
        }
      }
    }
  }
}
