package io.millrace.reactor;

import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what others handed to a reactor and deals with what it throws: a bug is its owner's affair,
 * a memory fault is told to all {@link FaultListener}s. Nothing gets through, least of all to
 * Netty, which would keep the thread for a second.
 */
final class Guard implements PollSet.FailureSink {
  private static final Logger LOG = LoggerFactory.getLogger(Reactor.class);

  private final String name;
  private final List<FaultListener> faultListeners = new ArrayList<>();

  /**
   * A guard.
   *
   * @param name the reactor's, for messages
   */
  Guard(String name) {
    this.name = name;
  }

  void add(FaultListener listener) {
    faultListeners.add(listener);
  }

  void remove(FaultListener listener) {
    faultListeners.remove(listener);
  }

  void run(Runnable message) {
    try {
      message.run();
    } catch (InternalError e) {
      memoryFault(e);
    } catch (RuntimeException | Error e) {
      LOG.error("{}: a message failed", name, e);
    }
  }

  void endOfRound(Deferred work) {
    try {
      work.endOfRound();
    } catch (InternalError e) {
      memoryFault(e);
    } catch (RuntimeException | Error e) {
      LOG.error("{}: {} failed at the end of a round", name, work, e);
    }
  }

  void ready(FdListener listener, boolean readable, boolean writable) {
    try {
      listener.ready(readable, writable);
    } catch (InternalError e) {
      memoryFault(e);
    } catch (RuntimeException | Error e) {
      LOG.error("{}: {} failed", name, listener, e);
    }
  }

  @Override
  public void failed(PollerHandle handle, Throwable cause) {
    handle.close();
    LOG.error("{}: {} failed and is no longer polled: {}", name, handle.poller, cause.toString());
    LOG.debug("{}: stack of the failure", name, cause);
    try {
      handle.poller.failed(cause);
    } catch (InternalError e) {
      memoryFault(e);
    } catch (RuntimeException | Error e) {
      LOG.error("{}: {} failed again when it was told", name, handle.poller, e);
    }
  }

  @Override
  public void memoryFault(InternalError cause) {
    LOG.debug("{}: memory fault", name, cause);
    for (FaultListener listener : List.copyOf(faultListeners)) {
      try {
        listener.memoryFault();
      } catch (RuntimeException | Error e) {
        // A second fault as well: all listeners are being told of one already.
        LOG.error("{}: {} failed", name, listener, e);
      }
    }
  }
}
