package io.millrace.nvme.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Asynchronous Event Requests that are held, and events that wait for one (base specification 2.0
 * §5.2). A type of event is reported once, and again after its log page was read. The model's
 * thread.
 */
final class AsyncEvents {
  static final int TYPE_ERROR = 0;
  static final int TYPE_HEALTH = 1;
  static final int TYPE_NOTICE = 2;
  static final int INVALID_DOORBELL_REGISTER = 0;
  static final int INVALID_DOORBELL_VALUE = 1;
  static final int NAMESPACE_ATTRIBUTE_CHANGED = 0;

  private static final int TYPES = 8;
  private static final int TYPE_BITS = 7;
  private static final int LOG_SHIFT = 16;

  private final int most;
  private final Deque<Command> requests = new ArrayDeque<>();
  private final List<Integer> events = new ArrayList<>(); // as in dword 0 of the completion
  private final boolean[] masked = new boolean[TYPES];

  AsyncEvents(int most) {
    this.most = most;
  }

  /** Takes a request. */
  int request(Command command) {
    if (requests.size() >= most) {
      return Status.ASYNC_EVENT_LIMIT_EXCEEDED | Status.DO_NOT_RETRY;
    }
    requests.add(command.copy());
    return QueueEngine.HELD;
  }

  int held() {
    return requests.size();
  }

  /** Something happened. */
  void fire(int type, int info, int log) {
    int event = type | info << 8 | log << LOG_SHIFT;
    if (!events.contains(event)) {
      events.add(event);
    }
  }

  /** The host read a log page without asking to retain its event. */
  void logRead(int log) {
    for (int event : events) {
      if (event >> LOG_SHIFT == log) {
        masked[event & TYPE_BITS] = false;
      }
    }
    events.removeIf(event -> event >> LOG_SHIFT == log);
  }

  /** Reports what can be; how many completions that made. */
  int report(QueueEngine engine) {
    int reported = 0;
    for (int i = 0; i < events.size() && !requests.isEmpty(); i++) {
      int event = events.get(i);
      SubmissionQueue queue = requests.getFirst().queue;
      if (!masked[event & TYPE_BITS] && !queue.completions.isFull()) {
        Command request = requests.removeFirst();
        request.result = event;
        masked[event & TYPE_BITS] = true;
        engine.complete(request, Status.SUCCESS);
        reported++;
      }
    }
    return reported;
  }

  /** Takes a request back; false if it is none of those held. */
  boolean abort(QueueEngine engine, int id) {
    for (Command request : requests) {
      if (request.id() == id) {
        requests.remove(request);
        engine.complete(request, Status.ABORT_REQUESTED);
        return true;
      }
    }
    return false;
  }

  void reset() {
    requests.clear();
    events.clear();
    Arrays.fill(masked, false);
  }
}
