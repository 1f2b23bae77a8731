package io.millrace.scsi;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.IoStatus;
import io.millrace.reactor.Reactor;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of one reactor from one initiator to one logical unit, or to a LUN that leads to none.
 * Data path, on that reactor: a command is checked when it is prepared, before its data is brought,
 * and judged when its turn comes: unit attention first, then reservations, then what is wrong with
 * it (SAM-6 §5.14, SPC-5 §5.13).
 */
public final class LunPath {
  private static final Logger LOG = LoggerFactory.getLogger(LunPath.class);

  private final Nexus nexus;
  private final Reactor reactor;
  private final @Nullable Lun lun;
  private final @Nullable LunNexus status;
  private final boolean wellKnown;
  private @Nullable BdevChannel channel;
  private final TaskList tasks = new TaskList();
  private boolean removed; // the logical unit is not there any more, or goes
  private @Nullable Runnable detached;

  /**
   * The way to a LUN that leads to no disk.
   *
   * @param wellKnown whether to the REPORT LUNS well known logical unit, or else nowhere
   */
  LunPath(Nexus nexus, Reactor reactor, boolean wellKnown) {
    this.nexus = nexus;
    this.reactor = reactor;
    this.wellKnown = wellKnown;
    lun = null;
    status = null;
  }

  LunPath(Nexus nexus, Lun lun, Reactor reactor) {
    this.nexus = nexus;
    this.reactor = reactor;
    this.lun = lun;
    wellKnown = false;
    status = nexus.with(lun);
    try {
      channel = lun.descriptor().openChannel(reactor);
    } catch (BdevException e) {
      LOG.error("{}: no way to its bdev, commands end as busy: {}", status, e.getMessage());
    }
    lun.unit().opened(this);
  }

  Nexus nexus() {
    return nexus;
  }

  /** Where all of this runs. */
  Reactor reactor() {
    return reactor;
  }

  /** The way to the disk; null when there is none, or no more. */
  @Nullable BdevChannel channel() {
    return channel;
  }

  /** Whether there is a disk. */
  boolean leadsSomewhere() {
    return lun != null;
  }

  boolean isWellKnown() {
    return wellKnown;
  }

  /** The logical unit; only where there is one. */
  LogicalUnit unit() {
    return lun().unit();
  }

  Lun lun() {
    Lun to = lun;
    if (to == null) {
      throw new IllegalStateException("no logical unit: " + nexus);
    }
    return to;
  }

  /** What this initiator is to be told; only where there is a logical unit. */
  LunNexus status() {
    LunNexus of = status;
    if (of == null) {
      throw new IllegalStateException("no logical unit: " + nexus);
    }
    return of;
  }

  /** Whether nobody may write by this way now; only where there is a logical unit. */
  boolean isWriteProtected() {
    return lun().readOnly() || lun().unit().modes().writeProtect();
  }

  boolean hasDescriptorSense() {
    return lun != null && lun.unit().modes().hasDescriptorSense();
  }

  // ---- a command comes --------------------------------------------------------------------------

  /**
   * Looks at the CDB of a task, whatever is in it: then the task knows what data it has. A refusal
   * is told when its turn comes.
   *
   * @param task begun, with its CDB
   */
  public void prepare(ScsiTask task) {
    assert task.taskState == TaskState.FREE : task;
    task.taskState = TaskState.PREPARED;
    task.path = this;
    byte[] cdb = task.cdb();
    long first = BigEndian.get64(cdb, 0);
    long second = BigEndian.get64(cdb, Long.BYTES);
    ScsiCommand command = CommandTable.of(cdb);
    if (command != null && lun != null && !command.isDoneBy(lun.unit().bdev())) {
      command = null;
    }
    task.command = command;
    if (wellKnown && (command == null || !command.ofWellKnown)) {
      task.refuse(Sense.INVALID_COMMAND_OPERATION_CODE);
    } else if (lun == null && !wellKnown && (command == null || command.needsUnit)) {
      task.refuse(Sense.LOGICAL_UNIT_NOT_SUPPORTED);
    } else if (command == null) {
      CdbCheck.refuseUnknown(task, cdb);
    } else if (((first & ~command.usageLow) | (second & ~command.usageHigh)) != 0) {
      CdbCheck.refuseBits(task, command, cdb);
    } else if (cdb[0] == CommandTable.VARIABLE_LENGTH
        && cdb[CommandTable.ADDITIONAL_LENGTH_AT] != CommandTable.ADDITIONAL_LENGTH) {
      task.refuseField(CommandTable.ADDITIONAL_LENGTH_AT, -1);
    } else {
      size(task, command, first, second);
    }
  }

  private void size(ScsiTask task, ScsiCommand command, long first, long second) {
    DataPhase phase = command.phase;
    task.phase = phase;
    if (phase == DataPhase.FROM_DISK // a switch would look into two tables first
        || phase == DataPhase.TO_DISK
        || phase == DataPhase.BLOCKS) {
      unit().sizes().transfer(task, command, first, second);
    } else if (phase == DataPhase.ANSWER) {
      task.dataBytes =
          command.answerBytes > 0 ? command.answerBytes : command.length.of(task.cdb());
    } else if (phase == DataPhase.PARAMETERS) {
      sizeParameters(task, command);
    }
  }

  private static void sizeParameters(ScsiTask task, ScsiCommand command) {
    CdbField field = command.length;
    long bytes = field.of(task.cdb());
    if (bytes > ScsiTask.MAX_PARAMETER_BYTES) {
      task.refuseField(field.at(), -1);
    } else {
      task.dataBytes = bytes;
    }
  }

  // ---- and is done ------------------------------------------------------------------------------

  /**
   * Does a command. Never refuses: what cannot be done ends with a status that says why.
   *
   * @param task prepared here, its data brought; this path's until it has ended
   */
  public void submit(ScsiTask task) {
    assert task.taskState == TaskState.PREPARED && task.path == this : task;
    LunNexus of = status;
    if (of != null && (task.attribute() != TaskAttribute.SIMPLE || of.order().isGated())) {
      tasks.add(task);
      if (!of.order().holds(task)) {
        start(task);
      }
    } else if (task.phase == DataPhase.FROM_DISK || task.phase == DataPhase.TO_DISK) {
      start(task);
      tasks.addUnlessEnded(task); // most likely it has: nobody looks for it before
    } else {
      tasks.add(task);
      start(task);
    }
  }

  /** The turn of a task has come that waited for an ordered one, or is that. */
  void startWaiting(ScsiTask task) {
    if (task.cancelled) {
      task.end(IoStatus.ABORTED);
    } else {
      start(task);
    }
  }

  private void start(ScsiTask task) {
    task.taskState = TaskState.RUNNING;
    ScsiCommand command = task.command;
    LunNexus told = status;
    if (told != null
        && told.attentions() != 0
        && !task.wasAcceptedBefore() // and so may be done: this would say that it is not
        && (command == null || !command.ignoresAttention)) {
      UnitAttention condition = told.takeAttention();
      if (condition != null) {
        task.check(condition);
        return;
      }
    }
    if (command != null && told != null && told.isKeptOut(command.access)) {
      task.end(ScsiStatus.RESERVATION_CONFLICT);
    } else if (task.refused || command == null) {
      task.endRefused();
    } else if (removed) {
      task.check(Sense.LOGICAL_UNIT_NOT_SUPPORTED);
    } else if (lun != null && channel == null) {
      task.end(ScsiStatus.BUSY);
    } else if (task.attribute() == TaskAttribute.ACA) {
      task.check(Sense.INVALID_MESSAGE);
    } else if (command.needsMedium && lun != null && lun.unit().isStopped()) {
      task.check(Sense.NOT_READY_INITIALIZING_COMMAND_REQUIRED);
    } else {
      command.executor.execute(this, task);
    }
  }

  /**
   * Ends a task early that can be ended; it ends once, either way: as busy, if it was.
   *
   * @param task of this path; one that has ended, or was not submitted, is left alone
   */
  public void cancel(ScsiTask task) {
    if (task.taskState == TaskState.WAITING) {
      task.cancelled = true;
      if (status().order().remove(task)) {
        task.end(IoStatus.ABORTED);
      }
    } else if (task.taskState == TaskState.RUNNING) {
      task.cancelled = true;
      BdevChannel to = channel;
      if (!task.steps().endIfLocking() && to != null) {
        to.cancel(task);
      }
    }
  }

  /** Has a task that was submitted not wait for rate limits any longer. */
  public void expedite(ScsiTask task) {
    BdevChannel to = channel;
    task.expedited(true); // for all that it still asks of the disk
    if (task.taskState == TaskState.RUNNING && to != null) {
      to.expedite(task);
    }
  }

  /**
   * Has tasks end early.
   *
   * @param which of those that were submitted
   * @param awaited which of them are waited for
   * @param as what they end as
   * @param byOther whether it was another nexus that wanted it
   * @param ended runs when they have ended and their transport has told of it
   */
  void abort(
      Predicate<ScsiTask> which,
      Predicate<ScsiTask> awaited,
      Outcome as,
      boolean byOther,
      Runnable ended) {
    List<ScsiTask> aborted = tasks.pick(which);
    for (ScsiTask task : aborted) {
      if (task.abortedAs == null) {
        task.abortedAs = as;
        task.abortedByOther = byOther;
      }
    }
    tasks.whenEnded(aborted.stream().filter(awaited).toList(), () -> afterThisRound(ended));
    for (ScsiTask task : aborted) {
      if (task.abortedAs != null) { // the end of another may have ended it, and begun it anew
        cancel(task);
      }
    }
  }

  /** A transport may tell its initiator at the end of the round in which a task has ended. */
  private void afterThisRound(Runnable ended) {
    if (!reactor.execute(() -> reactor.defer(ended::run))) {
      ended.run();
    }
  }

  /** Tells when all tasks have ended that have begun, and their transport knows. */
  void whenRunningEnded(Runnable ended) {
    tasks.whenEnded(
        tasks.pick(task -> task.taskState == TaskState.RUNNING),
        () -> {
          if (!reactor.execute(ended)) {
            ended.run();
          }
        });
  }

  /** Whether there is such a task. */
  boolean has(Predicate<ScsiTask> which) {
    return !tasks.pick(which).isEmpty();
  }

  /** A task has ended, and its transport is told next. */
  void ended(ScsiTask task) {
    task.taskState = TaskState.FREE;
    tasks.remove(task);
    if (task.attribute() == TaskAttribute.ORDERED && status != null) {
      status.order().ended(task);
    }
    // By a message: the transport is told first, and the bdev may be amid its own completion.
    if (detached != null && tasks.count() == 0 && !reactor.execute(this::detachIfIdle)) {
      detachIfIdle();
    }
  }

  /** The youngest task that has not ended; the others by {@code olderTask}. */
  @Nullable ScsiTask newest() {
    return tasks.newest();
  }

  // ---- life -------------------------------------------------------------------------------------

  /**
   * The logical unit goes: what is in flight ends, and everything later finds none.
   *
   * @param whenDetached runs once the channel is closed
   */
  void detach(Runnable whenDetached) {
    removed = true;
    detached = whenDetached;
    tasks.pick(task -> true).forEach(this::expedite);
    detachIfIdle();
  }

  private void detachIfIdle() {
    if (tasks.count() == 0) {
      close();
    }
  }

  /** Closes the way, with nothing in flight. */
  void close() {
    BdevChannel open = channel;
    Lun to = lun;
    removed = to != null;
    channel = null;
    if (to != null) {
      to.unit().closed(this);
      if (open != null) {
        to.descriptor().closeChannel(open);
      }
    }
    Runnable tell = detached;
    if (tell != null) {
      detached = null;
      tell.run();
    }
  }

  @Override
  public String toString() {
    return (status == null ? nexus + (wellKnown ? " REPORT LUNS" : " nowhere") : status)
        + " on "
        + reactor.name();
  }
}
