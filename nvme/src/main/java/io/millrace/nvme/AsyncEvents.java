package io.millrace.nvme;

import io.millrace.reactor.Reactor;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The asynchronous events of a controller (base 2.0 §5.2): asks for them, says them in the log, and
 * has namespaces looked at again when they changed. Home reactor.
 */
final class AsyncEvents {
  private static final Logger LOG = LoggerFactory.getLogger(AsyncEvents.class);

  private static final int MOST = 4;
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Critical warnings 0 to 5 of the health log; every controller has them. */
  private static final int HEALTH_WARNINGS = 0x3f;

  private static final int NOTICE_NAMESPACES = 1 << 8;
  private static final int NOTICE_FIRMWARE = 1 << 9;

  private static final int TYPE_MASK = 7;
  private static final int TYPE_ERROR = 0;
  private static final int TYPE_HEALTH = 1;
  private static final int TYPE_NOTICE = 2;
  private static final int INFO_SHIFT = 8;
  private static final int INFO_NAMESPACES = 0;
  private static final int INFO_FIRMWARE = 1;
  private static final int CHANGED_LIST_BYTES = 4096;

  private final String name;
  private final Reactor home;
  private final AdminQueue admin;
  private final Runnable namespacesChanged;

  AsyncEvents(String name, Reactor home, AdminQueue admin, Runnable namespacesChanged) {
    this.name = name;
    this.home = home;
    this.admin = admin;
    this.namespacesChanged = namespacesChanged;
  }

  /** Asks for every kind of event that is of use and that the controller has. */
  void start(ControllerData data) {
    int wanted = HEALTH_WARNINGS | (data.events() & (NOTICE_NAMESPACES | NOTICE_FIRMWARE));
    var _ =
        admin
            .send(NvmeCommands.setFeature(NvmeCommands.FEATURE_ASYNC_EVENTS, 0, wanted, false))
            .thenAccept(result -> {
              if (!result.succeeded()) {
                LOG.info(
                    "{}: it does not take the choice of events: {}",
                    name,
                    NvmeStatus.text(result.status()));
              }
            });
    for (int i = 0; i < Math.min(MOST, data.eventRequests()); i++) {
      ask();
    }
  }

  /**
   * Looks for events now and then, where no interrupt says that there are any.
   *
   * @param nanos for how long
   */
  void pollFor(long nanos) {
    for (long after = 0; after < nanos; after += POLL_NANOS) {
      var _ = home.schedule(after, admin.pair()::interrupted);
    }
  }

  private void ask() {
    var _ =
        admin
            .awaitEvent()
            .thenAccept(result -> {
              if (result.succeeded()) {
                happened((int) result.result());
                ask();
              } // else the controller is being reset, or has enough of them
            });
  }

  private void happened(int event) {
    int info = event >>> INFO_SHIFT & 0xff;
    int log = event >>> (2 * INFO_SHIFT) & 0xff;
    switch (event & TYPE_MASK) {
      case TYPE_ERROR -> {
        LOG.error("{}: it reports an error of its own, kind {}", name, info);
        fetch(log, NvmeCommands.ALL_NAMESPACES, 64); // an entry: reading it re-arms the event
      }
      case TYPE_HEALTH -> health();
      case TYPE_NOTICE -> notice(info, log);
      default -> {
        LOG.info("{}: event {}", name, String.format(Locale.ROOT, "%08x", event));
        fetch(log, NvmeCommands.ALL_NAMESPACES, HealthLog.BYTES);
      }
    }
  }

  private void notice(int info, int log) {
    switch (info) {
      case INFO_NAMESPACES -> {
        fetch(NvmeCommands.LOG_CHANGED_NAMESPACES, NvmeCommands.ALL_NAMESPACES, CHANGED_LIST_BYTES);
        namespacesChanged.run();
      }
      case INFO_FIRMWARE -> {
        LOG.warn("{}: it starts new firmware", name);
        fetch(NvmeCommands.LOG_FIRMWARE, NvmeCommands.ALL_NAMESPACES, HealthLog.BYTES);
      }
      default -> fetch(log, NvmeCommands.ALL_NAMESPACES, HealthLog.BYTES);
    }
  }

  private void health() {
    var _ =
        admin
            .send(
                NvmeCommands.logPage(
                    NvmeCommands.LOG_HEALTH, NvmeCommands.ALL_NAMESPACES, HealthLog.BYTES))
            .thenAccept(result -> {
              if (result.succeeded()) {
                List<String> warnings = HealthLog.of(result.data()).warnings();
                LOG.warn(
                    "{}: health: {}; replace it, or see `millrace nvme health`",
                    name,
                    warnings.isEmpty() ? "a threshold was passed" : String.join(", ", warnings));
              }
            });
  }

  /** Reads a log page so that the controller reports the next event of its kind. */
  private void fetch(int log, int nsid, int bytes) {
    var _ = admin.send(NvmeCommands.logPage(log, nsid, bytes));
  }
}
