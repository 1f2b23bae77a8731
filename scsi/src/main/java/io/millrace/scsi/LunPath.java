package io.millrace.scsi;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevException;
import io.millrace.reactor.Reactor;
import io.millrace.scsi.ScsiCommand.Field;
import io.millrace.scsi.ScsiTask.State;
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
  private @Nullable ScsiTask newest; // of those that were submitted and have not ended
  private int count;
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
    assert task.taskState == State.FREE : task;
    task.taskState = State.PREPARED;
    task.path = this;
    byte[] cdb = task.cdb();
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
      refuseUnknown(task, cdb);
    } else if ((BigEndian.get64(cdb, 0) & ~command.usageLow) != 0
        || (BigEndian.get64(cdb, 8) & ~command.usageHigh) != 0
        || !tailFits(command, cdb)) {
      refuseBits(task, command, cdb);
    } else if (command.opcode() == CommandTable.VARIABLE_LENGTH
        && cdb[CommandTable.ADDITIONAL_LENGTH_AT] != CommandTable.ADDITIONAL_LENGTH) {
      task.refuseField(CommandTable.ADDITIONAL_LENGTH_AT, -1);
    } else {
      size(task, command);
    }
  }

  private static void refuseUnknown(ScsiTask task, byte[] cdb) {
    int opcode = cdb[0] & 0xff;
    if (CommandTable.hasActions(opcode)) {
      task.refuseField(
          CommandTable.actionByte(opcode), opcode == CommandTable.VARIABLE_LENGTH ? -1 : 4);
    } else {
      task.refuse(Sense.INVALID_COMMAND_OPERATION_CODE);
    }
  }

  private static boolean tailFits(ScsiCommand command, byte[] cdb) {
    for (int i = 16; i < command.cdbBytes(); i++) {
      if ((cdb[i] & ~command.mask(i)) != 0) {
        return false;
      }
    }
    return true;
  }

  private static void refuseBits(ScsiTask task, ScsiCommand command, byte[] cdb) {
    for (int i = 1; i < command.cdbBytes(); i++) {
      int wrong = cdb[i] & ~command.mask(i) & 0xff;
      if (wrong != 0) {
        task.refuseField(i, 31 - Integer.numberOfLeadingZeros(wrong));
        return;
      }
    }
  }

  private void size(ScsiTask task, ScsiCommand command) {
    task.phase = command.phase;
    switch (command.phase) {
      case NONE -> {}
      case FROM_DISK, TO_DISK, BLOCKS -> unit().sizes().transfer(task, command);
      case ANSWER ->
          task.dataBytes =
              command.answerBytes > 0 ? command.answerBytes : command.length.of(task.cdb());
      case PARAMETERS -> sizeParameters(task, command);
    }
  }

  private static void sizeParameters(ScsiTask task, ScsiCommand command) {
    Field field = command.length;
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
    assert task.taskState == State.PREPARED && task.path == this : task;
    link(task);
    start(task);
  }

  void start(ScsiTask task) {
    task.taskState = State.RUNNING;
    ScsiCommand command = task.command;
    LunNexus told = status;
    if (told != null && told.attentions() != 0 && (command == null || !command.ignoresAttention)) {
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
    } else if (lun != null && (channel == null || detached != null)) {
      task.check(Sense.LOGICAL_UNIT_NOT_SUPPORTED); // it was removed, or is being
    } else if (task.attribute() == TaskAttribute.ACA) {
      task.check(Sense.INVALID_MESSAGE);
    } else if (command.needsMedium && lun != null && lun.unit().isStopped()) {
      task.check(Sense.NOT_READY_INITIALIZING_COMMAND_REQUIRED);
    } else {
      command.executor.execute(this, task);
    }
  }

  /** Ends a task early that can be ended; it ends once, either way. */
  public void cancel(ScsiTask task) {
    BdevChannel to = channel;
    if (to != null && task.taskState == State.RUNNING) {
      to.cancel(task);
    }
  }

  private void link(ScsiTask task) {
    ScsiTask older = newest;
    task.youngerTask = null;
    task.olderTask = older;
    if (older != null) {
      older.youngerTask = task;
    }
    newest = task;
    count++;
  }

  /** A task has ended, and its transport is told next. */
  void ended(ScsiTask task) {
    ScsiTask older = task.olderTask;
    ScsiTask younger = task.youngerTask;
    if (older != null) {
      older.youngerTask = younger;
    }
    if (younger != null) {
      younger.olderTask = older;
    } else {
      newest = older;
    }
    task.olderTask = null;
    task.youngerTask = null;
    task.taskState = State.FREE;
    count--;
    if (detached != null) {
      detachIfIdle();
    }
  }

  /** The youngest task that has not ended; the others by {@code olderTask}. */
  @Nullable ScsiTask newest() {
    return newest;
  }

  // ---- life -------------------------------------------------------------------------------------

  /**
   * The logical unit goes: what is in flight ends, and everything later finds none.
   *
   * @param whenDetached runs once the channel is closed
   */
  void detach(Runnable whenDetached) {
    if (channel == null) {
      whenDetached.run();
    } else {
      detached = whenDetached;
      detachIfIdle();
    }
  }

  private void detachIfIdle() {
    Runnable tell = detached;
    if (tell != null && count == 0) {
      close();
      detached = null;
      tell.run();
    }
  }

  /** Closes the way, with nothing in flight. */
  void close() {
    BdevChannel open = channel;
    Lun to = lun;
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
