package io.millrace.virtio.scsi;

import io.millrace.scsi.Nexus;
import io.millrace.scsi.ScsiTarget;
import io.millrace.scsi.TaskManagement;
import io.millrace.scsi.TaskManagement.Function;
import io.millrace.vhost.user.server.GoingMemory;
import io.millrace.vhost.user.server.QueueContext;
import io.millrace.vhost.user.server.QueueHandler;
import io.millrace.virtqueue.ChainReader;
import io.millrace.virtqueue.DescriptorChain;
import java.util.ArrayList;
import java.util.List;

/**
 * The control queue of a session: task management and asynchronous notifications (virtio 1.3
 * §5.6.6.2). On the queue's reactor; what comes here is rare.
 */
final class ControlQueue implements QueueHandler {
  private static final int TASK_MANAGEMENT = 0; // type, subtype u32, lun u8[8], id u64; response u8
  private static final int QUERY_NOTIFICATIONS =
      1; // type, lun, events u32; actual u32, response u8
  private static final int SUBSCRIBE_NOTIFICATIONS = 2;
  private static final int TASK_MANAGEMENT_BYTES = 24;
  private static final int NOTIFICATION_BYTES = 16;
  private static final int ACTUAL_BYTES = 4;
  private static final long U32 = 0xffff_ffffL;

  /** By {@code subtype}. */
  private static final Function[] FUNCTIONS = {
    Function.ABORT_TASK,
    Function.ABORT_TASK_SET,
    Function.CLEAR_ACA,
    Function.CLEAR_TASK_SET,
    Function.I_T_NEXUS_RESET,
    Function.LOGICAL_UNIT_RESET,
    Function.QUERY_TASK,
    Function.QUERY_TASK_SET
  };

  /** One request. */
  private static final class Request {
    final int head;
    final Scatter place = new Scatter();
    final byte[] answer; // the response is its last byte
    boolean started;
    boolean done;
    boolean marked;
    long type;
    long subtype;
    long lun;
    long tag;

    Request(int head, int answerBytes) {
      this.head = head;
      this.answer = new byte[answerBytes];
    }

    void response(int value) {
      answer[answer.length - 1] = (byte) value;
    }
  }

  private final ScsiSession session;
  private final QueueContext context;
  private final ChainReader reader = new ChainReader();
  private final List<Request> requests = new ArrayList<>();

  ControlQueue(ScsiSession session, QueueContext context) {
    this.session = session;
    this.context = context;
  }

  @Override
  public long take(DescriptorChain chain) {
    if (chain.readableBytes() < NOTIFICATION_BYTES
        || chain.writableBytes() == 0
        || !chain.isWhole()) {
      return NO_REQUEST;
    }
    reader.begin(chain);
    long first = reader.readLong();
    long second = reader.readLong();
    long type = first & U32;
    boolean manages = type == TASK_MANAGEMENT;
    int answerBytes = manages ? 1 : ACTUAL_BYTES + 1;
    if (chain.writableBytes() < answerBytes
        || (manages && chain.readableBytes() < TASK_MANAGEMENT_BYTES)) {
      return NO_REQUEST;
    }
    Request request = new Request(chain.head(), answerBytes);
    request.place.of(chain, 0, answerBytes);
    request.type = type;
    request.subtype = first >>> 32;
    if (manages) {
      request.lun = Long.reverseBytes(second);
      request.tag = reader.readLong();
    } else {
      request.lun = Long.reverseBytes(first >>> 32 | second << 32);
    }
    requests.add(request);
    return 0;
  }

  @Override
  public void submitTaken() {
    for (Request request : List.copyOf(requests)) {
      if (!request.started) {
        request.started = true;
        start(request);
      }
    }
  }

  private void start(Request request) {
    ScsiTarget target =
        LunAddress.isOurs(request.lun)
            ? session.device().target(LunAddress.target(request.lun))
            : null;
    if (target == null) {
      done(request, Response.BAD_TARGET);
    } else if (request.type == TASK_MANAGEMENT) {
      manage(request, target);
    } else if (request.type == QUERY_NOTIFICATIONS || request.type == SUBSCRIBE_NOTIFICATIONS) {
      done(request, Response.OK); // a disk has none of these events: the mask of them is 0
    } else {
      done(request, Response.FAILURE);
    }
  }

  private void manage(Request request, ScsiTarget target) {
    if (request.subtype >= FUNCTIONS.length) {
      done(request, Response.FUNCTION_REJECTED);
      return;
    }
    Nexus nexus = session.nexus(target);
    TaskManagement.perform(
        FUNCTIONS[(int) request.subtype],
        nexus,
        LunAddress.number(request.lun),
        request.tag,
        context.reactor(),
        response -> done(request, code(response)));
  }

  private static int code(TaskManagement.Response response) {
    return switch (response) {
      case FUNCTION_COMPLETE -> Response.FUNCTION_COMPLETE;
      case FUNCTION_SUCCEEDED -> Response.FUNCTION_SUCCEEDED;
      case FUNCTION_REJECTED -> Response.FUNCTION_REJECTED;
      case INCORRECT_LUN -> Response.INCORRECT_LUN;
    };
  }

  private void done(Request request, int response) {
    request.response(response);
    request.done = true;
    context.requestDone();
  }

  @Override
  public void respond(Returns returns) {
    for (Request request : requests) {
      if (request.done) {
        request.place.put(request.answer, request.answer.length, context.writes());
        returns.give(request.head, request.answer.length);
      }
    }
    context.writes().flush();
  }

  @Override
  public void recycle() {
    requests.removeIf(request -> request.done);
  }

  @Override
  public int outstanding() {
    return requests.size();
  }

  @Override
  public void mark(GoingMemory going) {
    for (Request request : requests) {
      request.marked = request.place.pointsInto(going);
    }
  }

  @Override
  public int markedCount() {
    return (int) requests.stream().filter(request -> request.marked).count();
  }

  @Override
  public void cancelMarked() {
    // What a function waits for is cancelled already: that is what it is for.
  }

  @Override
  public void cancelAll() {
    requests.removeIf(request -> !request.started);
  }

  @Override
  public void close() {
    // Nothing is in flight.
  }
}
