package io.millrace.virtio.scsi;

import io.millrace.bdev.IoType;
import io.millrace.bdev.LongTransfer;
import io.millrace.linux.RawMemory;
import io.millrace.scsi.Answer;
import io.millrace.scsi.DataPhase;
import io.millrace.scsi.LunPath;
import io.millrace.scsi.Outcome;
import io.millrace.scsi.ScsiStatus;
import io.millrace.scsi.ScsiTask;
import io.millrace.scsi.TaskSubject;
import io.millrace.vhost.user.server.GoingMemory;
import io.millrace.vhost.user.server.RequestKind;
import io.millrace.vhost.user.server.RequestTrace;
import io.millrace.vhost.user.server.RequestTracker;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.GuestWrites;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One command in a chain ({@code struct virtio_scsi_req_cmd}, virtio 1.3 §5.6.6.1). Owned by its
 * queue's pool; touched only by that queue's reactor.
 */
final class ScsiRequest extends ScsiTask {
  /** Bytes of the response, the sense data included. */
  static final int RESPONSE_BYTES = 12 + ScsiConfig.SENSE_BYTES;

  private static final int RESIDUAL_AT = 4;
  private static final int QUALIFIER_AT = 8;
  private static final int STATUS_AT = 10;
  static final int RESPONSE_AT = 11;
  private static final int RESPONSE_SHIFT = Byte.SIZE * (RESPONSE_AT - QUALIFIER_AT);
  private static final int SENSE_AT = 12;
  private static final int PIECES_KEPT = 32;
  private static final RequestKind[] KINDS =
      Stream.of(IoType.values()).map(ScsiRequest::kindOf).toArray(RequestKind[]::new);

  enum State {
    FREE,
    TAKEN,
    STARTED,
    DONE
  }

  private final ScsiQueue queue;
  private final byte[] responseBytes = new byte[RESPONSE_BYTES];
  private final ByteBuffer response = ByteBuffer.wrap(responseBytes).order(ByteOrder.LITTLE_ENDIAN);
  private long responseAddress; // 0 if it is in pieces
  private final Scatter responsePieces = new Scatter(); // none if it is not
  final Scatter answerPlace = new Scatter();
  State state = State.FREE;
  int head; // descriptor index to return in the used ring
  boolean marked; // points into memory that the front-end took back
  int refusal; // a Response other than OK: it is not for any logical unit
  long expectedBytes; // of data, in the chain
  @Nullable LunPath path;
  private @Nullable RequestTrace trace; // while somebody follows it

  ScsiRequest(ScsiQueue queue) {
    super(queue);
    this.queue = queue;
  }

  /** Its response goes to the start of the writable bytes, which have room for it. */
  void respondInto(DescriptorChain chain) {
    int first = chain.readableCount();
    if (chain.bytes(first) < RESPONSE_BYTES) {
      responseAddress = 0;
      responsePieces.of(chain, 0, RESPONSE_BYTES);
      return;
    }
    long place = chain.address(first);
    responseAddress = place;
    chain.answersInto(place, RESPONSE_BYTES);
  }

  /** Bytes that are worked on for it; room for an answer may be any number and is no work. */
  long workBytes() {
    return phase() == DataPhase.ANSWER || refusal != Response.OK ? 0 : dataBytes();
  }

  /** Has it followed; it is filled. */
  void follow(RequestTracker tracker) {
    boolean known = path != null;
    trace =
        tracker.begin(
            kind(),
            known ? TaskSubject.offsetBytes(this) : 0,
            known ? TaskSubject.lengthBytes(this) : 0);
  }

  /** Has it followed, though it was found a moment ago, if it is not done yet. */
  void followIfUndone(RequestTracker tracker) {
    if (trace == null && (state == State.TAKEN || state == State.STARTED)) {
      follow(tracker);
    }
  }

  /** It is submitted, or answered without that. */
  void started() {
    state = State.STARTED;
    RequestTrace followed = trace;
    if (followed != null) {
      followed.submitted();
    }
  }

  /** It has ended, and waits to be answered. */
  void done() {
    state = State.DONE;
    RequestTrace followed = trace;
    if (followed != null) {
      followed.done();
    }
  }

  /** As what it is counted; valid when it is filled, whether it was refused or not. */
  RequestKind kind() {
    IoType does = path == null ? null : TaskSubject.typeOrNull(this);
    return does == null ? RequestKind.OTHER : KINDS[does.ordinal()];
  }

  private static RequestKind kindOf(IoType type) {
    return switch (type) {
      case READ -> RequestKind.READ;
      case WRITE -> RequestKind.WRITE;
      case FLUSH -> RequestKind.FLUSH;
      case UNMAP -> RequestKind.DISCARD;
      case WRITE_ZEROES -> RequestKind.WRITE_ZEROES;
      case COMPARE, ZONE_APPEND -> RequestKind.OTHER;
    };
  }

  /** Whether its driver is told of anything but success; valid when it has ended. */
  boolean hasFailed() {
    int status = status();
    return refusal != Response.OK
        || outcome() != Outcome.COMPLETE
        || (status != ScsiStatus.GOOD && status != ScsiStatus.CONDITION_MET);
  }

  @Override
  protected void reached(int how) {
    super.reached(how);
    queue.reached(head, how);
  }

  @Override
  protected void ended() {
    queue.ended(this);
  }

  /**
   * Stores answer and response.
   *
   * @return bytes stored into the writable part, from its start
   */
  long respond(GuestWrites writes) {
    boolean refused = refusal != Response.OK;
    long moved = refused ? 0 : moved(writes);
    int residual = (int) Math.min(Integer.MAX_VALUE, expectedBytes - moved);
    int status = refused ? 0 : status();
    int code = refused ? refusal : outcomeCode();
    long place = RawMemory.base(responseAddress);
    if (place != 0 && (refused || senseBytes() == 0)) {
      RawMemory.putLong(place, (long) residual << Integer.SIZE);
      RawMemory.putInt(place + QUALIFIER_AT, status << Short.SIZE | code << RESPONSE_SHIFT);
      RawMemory.clearWords(place + SENSE_AT, ScsiConfig.SENSE_BYTES / Long.BYTES);
      writes.wroteAmong(place, RESPONSE_BYTES);
    } else {
      putBytes(residual, status, code, writes);
    }
    boolean stored = !refused && (phase() == DataPhase.FROM_DISK || phase() == DataPhase.ANSWER);
    return RESPONSE_BYTES + (stored ? moved : 0);
  }

  /** The response of a command that has sense data, or that is to be stored in pieces. */
  private void putBytes(int residual, int status, int code, GuestWrites writes) {
    int senseBytes = refusal == Response.OK ? senseBytes() : 0;
    response.putInt(0, senseBytes);
    response.putInt(RESIDUAL_AT, residual);
    response.put(STATUS_AT, (byte) status);
    response.put(RESPONSE_AT, (byte) code);
    if (senseBytes > 0) {
      response.put(SENSE_AT, sense(), 0, senseBytes);
    }
    if (responseAddress == 0) {
      responsePieces.put(responseBytes, RESPONSE_BYTES, writes);
    } else {
      RawMemory.putWords(responseBytes, 0, RESPONSE_BYTES, responseAddress);
      writes.wroteAmong(responseAddress, RESPONSE_BYTES);
    }
    if (senseBytes > 0) {
      Arrays.fill(responseBytes, SENSE_AT, SENSE_AT + senseBytes, (byte) 0); // for the next one
    }
  }

  private int outcomeCode() {
    Outcome how = outcome();
    if (how == Outcome.COMPLETE) { // as most have it: a switch looks into two tables first
      return Response.OK;
    }
    return switch (how) {
      case COMPLETE -> Response.OK;
      case ABORTED -> Response.ABORTED;
      case RESET -> Response.RESET;
    };
  }

  /** Bytes of data that went either way; an answer goes now. */
  private long moved(GuestWrites writes) {
    DataPhase phase = phase();
    if (phase == DataPhase.FROM_DISK) { // as most have it: a switch looks into two tables first
      return noteStored(writes);
    }
    return switch (phase) {
      case NONE -> 0;
      case PARAMETERS, BLOCKS -> dataBytes();
      case TO_DISK, FROM_DISK -> movedBytes();
      case ANSWER -> answer(writes);
    };
  }

  private long answer(GuestWrites writes) {
    Answer answer = answerOrNull();
    if (answer == null || answer.size() == 0) {
      return 0;
    }
    answerPlace.put(answer.bytes(), answer.size(), writes);
    return answer.size();
  }

  /** Tells of what a read really stored, if that is written down. */
  private long noteStored(GuestWrites writes) {
    long stored = movedBytes();
    if (writes.costs()) {
      noteStored(stored, writes);
    }
    return stored;
  }

  private void noteStored(long stored, GuestWrites writes) {
    LongTransfer transfer = longTransferOrNull();
    long left = stored;
    for (int i = 0; left > 0; i++) {
      long address = transfer == null ? segmentAddress(i) : transfer.address(i);
      int length = transfer == null ? segmentBytes(i) : transfer.bytes(i);
      long bytes = Math.min(left, length);
      writes.wroteAmong(address, bytes);
      left -= bytes;
    }
  }

  /** Whether its data, its answer or its response is in that memory. */
  boolean pointsInto(GoingMemory going) {
    LongTransfer transfer = longTransferOrNull();
    boolean found =
        (responseAddress == 0
                ? responsePieces.pointsInto(going)
                : going.holdsSomeOf(responseAddress, RESPONSE_BYTES))
            || answerPlace.pointsInto(going);
    for (int i = 0; transfer != null && i < transfer.segmentCount() && !found; i++) {
      found = going.holdsSomeOf(transfer.address(i), transfer.bytes(i));
    }
    for (int i = 0; i < segmentCount() && !found; i++) {
      found = going.holdsSomeOf(segmentAddress(i), segmentBytes(i));
    }
    return found;
  }

  /** The request is over. */
  void free() {
    state = State.FREE;
    RequestTrace followed = trace;
    if (followed != null) {
      trace = null;
      followed.ended();
    }
    path = null;
    if (responseAddress == 0) {
      responsePieces.clear(PIECES_KEPT);
    }
    answerPlace.clear(PIECES_KEPT); // whatever its phase is now: it may have been refused since
    recycle();
  }
}
