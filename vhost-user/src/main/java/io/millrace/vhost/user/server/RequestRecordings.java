package io.millrace.vhost.user.server;

import io.millrace.reactor.Reactor;
import io.millrace.reactor.Timer;
import java.util.concurrent.TimeUnit;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;
import jdk.jfr.Recording;
import org.jspecify.annotations.Nullable;

/**
 * Has requests make events for flight recordings ({@code io.millrace.Request}) as long as one asks
 * for them, and no longer. Looks as soon as a recording starts or ends, and once a second for
 * settings that change meanwhile; never, in a process that has no flight recorder. Control thread.
 */
public final class RequestRecordings implements AutoCloseable {
  /** The recorder's classes are not loaded while a front-end waits for the start. */
  private static final long BEGIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final VhostControllers controllers;
  private final Reactor control;
  private final FlightRecorderListener listener = new Listener();
  private @Nullable Timer next;
  private boolean listening;

  private RequestRecordings(VhostControllers controllers) {
    this.controllers = controllers;
    this.control = controllers.control();
  }

  /** Begins to follow recordings a second from now. */
  public static RequestRecordings follow(VhostControllers controllers) {
    RequestRecordings made = new RequestRecordings(controllers);
    made.next = made.control.schedule(BEGIN_NANOS, made::listen);
    return made;
  }

  private void listen() {
    listening = true;
    FlightRecorder.addListener(listener); // tells of a recorder that is there at once
    if (FlightRecorder.isInitialized()) {
      look();
    }
  }

  private void look() {
    cancel();
    if (listening) {
      boolean wanted = EventType.getEventType(RequestEvent.class).isEnabled();
      controllers.all().forEach(controller -> controller.statistics().events(wanted));
      next = control.schedule(LOOK_NANOS, this::look);
    }
  }

  private void cancel() {
    Timer pending = next;
    if (pending != null) {
      pending.cancel();
      next = null;
    }
  }

  /** Follows them no more. */
  @Override
  public void close() {
    cancel();
    if (listening) {
      listening = false;
      FlightRecorder.removeListener(listener);
    }
  }

  /** Called on whatever thread starts or ends a recording. */
  private final class Listener implements FlightRecorderListener {
    @Override
    public void recordingStateChanged(Recording recording) {
      control.execute(RequestRecordings.this::look);
    }
  }
}
