package io.millrace.scsi;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.LongTransfer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One command of an initiator (SAM-6 §5.1), made once by its transport and filled in place for each
 * use. Data path; one reactor's thread touches it.
 *
 * <p>Its transport fills {@link #cdb}, calls {@link LunPath#prepare}, brings the data that {@link
 * #phase} asks for (segments, {@link #parameters} or {@link #blocks}), and calls {@link
 * LunPath#submit}; {@link #ended} runs exactly once for that, perhaps before {@code submit}
 * returns. Then status, sense data and answer are there until the next {@code prepare}.
 */
public abstract class ScsiTask extends RecoverableIo {
  /** Longest CDB, in bytes. */
  public static final int MAX_CDB_BYTES = 32;

  /** Longest parameter list, in bytes. */
  static final int MAX_PARAMETER_BYTES = 1 << 16;

  private static final int USUAL_SEGMENTS = 4;
  private static final int MOST_SEGMENTS_KEPT = 128;
  private static final byte[] NOTHING = new byte[0];

  private final byte[] cdb = new byte[MAX_CDB_BYTES];
  private final byte[] sense = new byte[SenseData.MAX_BYTES];
  private final SenseData senseData = new SenseData();
  private byte[] parameters = NOTHING;
  private int parameterBytes;
  private @Nullable Answer answer; // made for the first command that has one, then kept
  private @Nullable TaskSteps steps; // the same
  private @Nullable LongTransfer longTransfer; // the same
  private int status;
  private int senseBytes;
  private Outcome outcome = Outcome.COMPLETE;
  TaskState taskState = TaskState.FREE; // this, and what follows, is the path's
  @Nullable LunPath path;
  boolean listed; // among the path's tasks
  @Nullable ScsiTask olderTask;
  @Nullable ScsiTask youngerTask;
  @Nullable ScsiCommand command; // null when the CDB is of none
  private long tag;
  private TaskAttribute attribute = TaskAttribute.SIMPLE;
  DataPhase phase = DataPhase.NONE;
  long dataBytes;
  boolean refused; // sense data is filled, and it ends with that when its turn comes
  @Nullable Outcome abortedAs; // it was asked to end
  boolean abortedByOther; // nexus: it ends with TASK ABORTED
  boolean cancelled; // it ends at its next step, if it has one
  boolean abortsOthers; // and waits for them to end: nobody who does the same waits for it
  boolean isLong; // done in parts
  @Nullable BlockBuffer blocks; // memory of the device server for its blocks

  /** A task that is free. */
  protected ScsiTask() {
    this(null);
  }

  /**
   * A task that is free.
   *
   * @param source whose it is, for a fair share of what a rate limit gives: its queue, say
   */
  protected ScsiTask(@Nullable Object source) {
    super(USUAL_SEGMENTS, source);
  }

  /** It has ended; it may be filled again from inside this call. */
  protected abstract void ended();

  // ---- filled by the transport ------------------------------------------------------------------

  /** The CDB, to be filled: all of its bytes, zeroes behind a shorter one. */
  public final byte[] cdb() {
    return cdb;
  }

  /**
   * What else comes with a command.
   *
   * @param commandTag by which the initiator may ask for it to be aborted
   */
  public final void begin(long commandTag, TaskAttribute taskAttribute) {
    assert taskState == TaskState.FREE : this;
    tag = commandTag;
    attribute = taskAttribute;
    status = ScsiStatus.GOOD;
    outcome = Outcome.COMPLETE;
    senseBytes = 0;
    parameterBytes = 0;
    refused = false;
    abortedAs = null;
    abortedByOther = false;
    cancelled = false;
    abortsOthers = false;
    isLong = false;
    expedited(false);
    beginNew();
    phase = DataPhase.NONE;
    dataBytes = 0;
    Answer.forget(answer);
  }

  /** Whether it is prepared: {@link #abandon} is due if it is not submitted. */
  public final boolean isPrepared() {
    return taskState == TaskState.PREPARED;
  }

  /** The transport drops it, prepared and not submitted: {@link #ended} does not run. */
  public final void abandon() {
    assert isPrepared() : this;
    BlockBuffer.free(blocks);
    blocks = null;
    taskState = TaskState.FREE;
  }

  /** What data it has; valid after {@link LunPath#prepare}. */
  public final DataPhase phase() {
    return phase;
  }

  /** Bytes of data to be brought, or of room that the initiator says to have for an answer. */
  public final long dataBytes() {
    return dataBytes;
  }

  /** For {@link DataPhase#PARAMETERS}: room for {@link #dataBytes}, to be filled. */
  public final byte[] parameters() {
    int wanted = (int) dataBytes;
    if (parameters.length < wanted) {
      parameters = new byte[wanted];
    }
    parameterBytes = wanted;
    return parameters;
  }

  /** How many parameters there are, in bytes. */
  final int parameterBytes() {
    return parameterBytes;
  }

  /** For {@link DataPhase#BLOCKS}: host address of room for {@link #dataBytes}, to be filled. */
  public final long blocks() {
    BlockBuffer buffer = blocks;
    if (buffer == null) {
      throw new IllegalStateException("no blocks: " + this);
    }
    return buffer.address();
  }

  // ---- for the transport, when it has ended -----------------------------------------------------

  /** A {@link ScsiStatus}. */
  public final int status() {
    return status;
  }

  /** How it came to its end. */
  public final Outcome outcome() {
    return outcome;
  }

  /** Sense data: the first {@link #senseBytes} bytes. */
  public final byte[] sense() {
    return sense;
  }

  /** How much sense data there is; 0 for none. */
  public final int senseBytes() {
    return senseBytes;
  }

  /** For {@link DataPhase#ANSWER}: what goes to the initiator. */
  public final @Nullable Answer answerOrNull() {
    return answer;
  }

  /** Bytes of blocks that came from the disk into the segments, or went there. */
  public final long movedBytes() {
    return isLong ? longTransfer().transferredBytes() : transferredBytes();
  }

  /** What its segments are when it is done in parts, or null. */
  public final @Nullable LongTransfer longTransferOrNull() {
    return isLong ? longTransfer : null;
  }

  /** The transport is done with it: what only an unusual command needs is given back. */
  public final void recycle() {
    assert taskState == TaskState.FREE : this;
    keepRoomFor(MOST_SEGMENTS_KEPT);
    LongTransfer transfer = longTransfer;
    if (transfer != null) {
      transfer.keepRoomFor(MOST_SEGMENTS_KEPT);
    }
    if (parameters.length > MAX_PARAMETER_BYTES / 8) {
      parameters = NOTHING;
    }
    Answer made = answer;
    if (made != null) {
      made.recycle();
    }
  }

  // ---- for commands -----------------------------------------------------------------------------

  final long tag() {
    return tag;
  }

  final TaskAttribute attribute() {
    return attribute;
  }

  final LunPath path() {
    LunPath on = path;
    if (on == null) {
      throw new IllegalStateException("on no path: " + this);
    }
    return on;
  }

  /** The logical block that it begins at. */
  final long lba() {
    ScsiCommand of = command;
    return of == null ? 0 : of.lba.of(cdb);
  }

  /** The length field of its CDB. */
  final long length() {
    ScsiCommand of = command;
    return of == null ? 0 : of.length.of(cdb);
  }

  /** An answer to be filled. */
  final Answer answer() {
    Answer made = answer;
    if (made == null) {
      made = new Answer();
      answer = made;
    }
    made.begin();
    return made;
  }

  /** What does a command in several parts. */
  final TaskSteps steps() {
    TaskSteps made = steps;
    if (made == null) {
      made = new TaskSteps(this);
      steps = made;
    }
    return made;
  }

  final LongTransfer longTransfer() {
    LongTransfer made = longTransfer;
    if (made == null) {
      made = new LongTransfer();
      longTransfer = made;
    }
    isLong = true;
    return made;
  }

  /** Ends it with GOOD status; an answer is cut to what the initiator has room for. */
  final void good() {
    Answer made = answer;
    if (phase == DataPhase.ANSWER && made != null) {
      made.truncate(dataBytes);
    }
    end(ScsiStatus.GOOD);
  }

  /** Ends it with CHECK CONDITION. */
  final void check(Sense reason) {
    senseData.begin(reason);
    endWithSense();
  }

  /** Ends it with CHECK CONDITION, and tells where on the medium, or what the command defines. */
  final void check(Sense reason, long information) {
    senseData.begin(reason);
    senseData.information(information);
    endWithSense();
  }

  /** Ends it with CHECK CONDITION because of a unit attention. */
  final void check(UnitAttention reason) {
    senseData.begin(SenseKey.UNIT_ATTENTION, reason.code);
    endWithSense();
  }

  /**
   * Ends it with CHECK CONDITION because of a field of its parameter list.
   *
   * @param at its first byte in the list
   * @param bit its highest bit, -1 for whole bytes
   */
  final void checkParameter(int at, int bit) {
    senseData.begin(Sense.INVALID_FIELD_IN_PARAMETER_LIST);
    senseData.field(false, at, bit);
    endWithSense();
  }

  /** Ends it with CHECK CONDITION because of a field of its CDB. */
  final void checkField(int at, int bit) {
    refuseField(at, bit);
    endWithSense();
  }

  /** It will end with CHECK CONDITION when its turn comes, because of a field of its CDB. */
  final void refuseField(int at, int bit) {
    refuse(Sense.INVALID_FIELD_IN_CDB);
    senseData.field(true, at, bit);
  }

  /** It will end with CHECK CONDITION when its turn comes. */
  final void refuse(Sense reason) {
    refused = true;
    phase = DataPhase.NONE;
    dataBytes = 0;
    senseData.begin(reason);
  }

  /** There is no room for it now: it will end with BUSY when its turn comes. */
  final void refuseBusy() {
    refuse(Sense.NO_ADDITIONAL_SENSE);
    status = ScsiStatus.BUSY;
  }

  /** Ends it as it was refused. */
  final void endRefused() {
    if (status == ScsiStatus.BUSY) {
      end(ScsiStatus.BUSY);
    } else {
      endWithSense();
    }
  }

  /** Ends it with the sense data that is there. */
  final void endWithSense() {
    senseBytes = senseData.encode(path().hasDescriptorSense(), sense);
    end(ScsiStatus.CHECK_CONDITION);
  }

  /** Ends it, whatever it was to do. */
  final void end(int scsiStatus) {
    status = scsiStatus;
    Answer made = answer;
    if (made != null && (scsiStatus != ScsiStatus.GOOD || phase != DataPhase.ANSWER)) {
      made.begin();
    }
    Outcome asked = abortedAs;
    if (asked != null) {
      senseBytes = 0;
      outcome = abortedByOther ? Outcome.COMPLETE : asked;
      status = abortedByOther ? ScsiStatus.TASK_ABORTED : scsiStatus;
    }
    TaskSteps several = steps;
    if (several != null) {
      several.stop();
    }
    BlockBuffer.free(blocks);
    blocks = null;
    path().ended(this);
    ended();
  }

  @Override
  final void partCompleted(IoStatus ioStatus) {
    TaskSteps several = steps;
    if (several != null && several.isRunning()) {
      several.advance(ioStatus);
    } else {
      end(ioStatus);
    }
  }

  /** Ends it as the bdev ended; a flush is a write of what is cached. */
  final void end(IoStatus ioStatus) {
    if (ioStatus == IoStatus.SUCCESS) {
      good();
    } else if (ioStatus == IoStatus.ABORTED) {
      end(abortedAs == null ? ScsiStatus.BUSY : ScsiStatus.TASK_ABORTED);
    } else {
      check(Sense.of(ioStatus, type().isWrite() || type() == IoType.FLUSH));
    }
  }

  @Override
  public String toString() {
    return "%s %s of %s".formatted(taskState, command, Arrays.toString(cdb));
  }
}
