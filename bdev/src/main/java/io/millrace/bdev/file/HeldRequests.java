package io.millrace.bdev.file;

import io.millrace.bdev.file.FileRequest.State;
import io.millrace.reactor.Reactor;
import io.millrace.reactor.Timer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One disk's requests on one reactor that failed and wait to be tried again ({@code
 * on-error=retry}): all together, after a pause that doubles as long as they fail. Other requests
 * pass them: a full file system can be read. The reactor's thread.
 */
final class HeldRequests {
  private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long LAST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Reactor reactor;
  private final FileChannel channel;
  private final FailureLog log;
  private final RequestQueue waiting = new RequestQueue();
  private long pauseNanos = FIRST_PAUSE_NANOS;
  private @Nullable Timer timer;

  HeldRequests(Reactor reactor, FileChannel channel, FailureLog log) {
    this.reactor = reactor;
    this.channel = channel;
    this.log = log;
  }

  /** Keeps a request that failed, until it is tried again. */
  void hold(FileRequest request, int errno) {
    request.state = State.HELD;
    log.held(request, errno);
    waiting.add(request);
    if (timer == null) {
      timer = reactor.schedule(pauseNanos, this::tryAgain);
    }
  }

  /** Forgets a request that its user cancels. */
  void remove(FileRequest request) {
    waiting.remove(request);
    Timer pending = timer;
    if (waiting.isEmpty() && pending != null) {
      pending.cancel();
      timer = null;
    }
  }

  private void tryAgain() {
    timer = null;
    pauseNanos = Math.min(2 * pauseNanos, LAST_PAUSE_NANOS);
    FileRequest request = waiting.first();
    while (request != null) {
      waiting.remove(request);
      channel.tryAgain(request);
      request = waiting.first(); // none is held again before its completion was reaped
    }
  }

  /** One that was held has succeeded: the storage is back. */
  void succeeded() {
    pauseNanos = FIRST_PAUSE_NANOS;
  }
}
