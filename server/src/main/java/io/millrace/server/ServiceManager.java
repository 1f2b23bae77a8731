package io.millrace.server;

import io.millrace.linux.DatagramTo;
import io.millrace.linux.LinuxException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Who runs this process as a service, mostly systemd: told when it serves, that it works and when
 * it ends, sd_notify(3), by {@code NOTIFY_SOCKET}, {@code WATCHDOG_USEC} and {@code WATCHDOG_PID}.
 * Without one nothing is sent. Any thread.
 */
final class ServiceManager {
  /** A start that its manager is not told of is ended after a while; so this may wait. */
  private static final int PATIENCE_MILLIS = 5_000;

  private static final long STATUS_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** Two of three beats may be lost before the manager takes the process for hung. */
  private static final int BEATS_IN_PERIOD = 3;

  private final @Nullable String address;
  private final long watchdogNanos; // 0: nobody watches
  private String lastStatus = "";
  private boolean ending;
  private boolean failed;

  private ServiceManager(@Nullable String address, long watchdogNanos) {
    this.address = address;
    this.watchdogNanos = watchdogNanos;
  }

  /** That of this process. */
  static ServiceManager ofProcess() {
    return System.getenv("NOTIFY_SOCKET") == null
        ? new ServiceManager(null, 0)
        : of(System.getenv(), ProcessHandle.current().pid());
  }

  /** That of an environment; its watchdog may be meant for another process. */
  static ServiceManager of(Map<String, String> environment, long pid) {
    String period = environment.getOrDefault("WATCHDOG_USEC", "");
    String watched = environment.getOrDefault("WATCHDOG_PID", Long.toString(pid));
    boolean watches = period.matches("[0-9]{1,15}") && watched.equals(Long.toString(pid));
    long nanos = watches ? TimeUnit.MICROSECONDS.toNanos(Long.parseLong(period)) : 0;
    return new ServiceManager(environment.get("NOTIFY_SOCKET"), nanos);
  }

  /** Whether there is one. */
  boolean isThere() {
    return address != null;
  }

  /** How long to wait from one {@link #alive} to the next, in nanoseconds. */
  long beatNanos() {
    return watchdogNanos == 0
        ? STATUS_NANOS
        : Math.clamp(watchdogNanos / BEATS_IN_PERIOD, 1, STATUS_NANOS);
  }

  /**
   * The process serves.
   *
   * @param status what, on one line
   */
  synchronized void ready(String status) {
    lastStatus = status;
    send("READY=1\nSTATUS=" + status, PATIENCE_MILLIS);
  }

  /**
   * The process works. Never waits: a beat that finds no room is one of several.
   *
   * @param status what it serves, on one line
   */
  synchronized void alive(String status) {
    if (ending) {
      return;
    }
    String changed = status.equals(lastStatus) ? "" : "STATUS=" + status;
    lastStatus = status;
    if (watchdogNanos > 0) {
      send("WATCHDOG=1\n" + changed, 0);
    } else if (!changed.isEmpty()) {
      send(changed, 0);
    }
  }

  /** The process was told to end, and does. */
  synchronized void stopping() {
    ending = true;
    send("STOPPING=1\nSTATUS=finishes what is in flight", PATIENCE_MILLIS);
  }

  private void send(String message, int waitMillis) {
    if (address == null) {
      return;
    }
    try {
      DatagramTo.send(address, message, waitMillis);
    } catch (LinuxException e) {
      if (!failed) {
        failed = true;
        LoggerFactory.getLogger(ServiceManager.class)
            .warn(
                "the service manager cannot be told \"{}\" ({}); check NOTIFY_SOCKET, or unset it",
                message.lines().findFirst().orElse(""),
                e.getMessage());
      }
    }
  }
}
