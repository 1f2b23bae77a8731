package io.millrace.vhost.user.server;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.vhost.user.Reply;
import io.millrace.vhost.user.VringAddress;
import io.millrace.vhost.user.VringMessage;
import io.millrace.vhost.user.VringState;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VringLayout;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What the messages about one ring do, for one session. Control thread. */
final class RingMessages {
  private final Session session;
  private final LogMessages log;
  private final SessionInflight inflight;
  private final SessionRings rings;
  private final LongSupplier features;
  private final LongSupplier protocolFeatures;

  /**
   * Messages of one session.
   *
   * @param features says which were negotiated
   * @param protocolFeatures says which of those were
   */
  RingMessages(
      Session session,
      LogMessages log,
      SessionInflight inflight,
      SessionRings rings,
      LongSupplier features,
      LongSupplier protocolFeatures) {
    this.session = session;
    this.log = log;
    this.inflight = inflight;
    this.rings = rings;
    this.features = features;
    this.protocolFeatures = protocolFeatures;
  }

  /**
   * Starts the rings that have all they need now, if {@link Session#mayStartRings}, then answers
   * with nothing.
   */
  void startReady(Consumer<@Nullable Reply> done) {
    if (rings.all().stream().anyMatch(Vring::isReady) && session.mayStartRings()) {
      rings.startReady(features.getAsLong(), () -> done.accept(null));
    } else {
      done.accept(null);
    }
  }

  /**
   * Does a message.
   *
   * @param acknowledge whether the front-end learns of a refusal
   * @param descriptors belong to this from now on
   * @param done gets the reply, null when there is none; not called if this throws
   */
  void handle(
      VringMessage message,
      boolean acknowledge,
      List<FileDescriptor> descriptors,
      Consumer<@Nullable Reply> done)
      throws SessionException {
    Vring ring;
    try {
      ring = rings.ring(message.index());
      adoptEvents(message, descriptors);
    } catch (SessionException e) {
      descriptors.forEach(FileDescriptor::close);
      throw e;
    }
    FileDescriptor descriptor = descriptors.isEmpty() ? null : descriptors.getFirst();
    switch (message) {
      case VringMessage.SetVringNum m -> setNum(ring, m.size(), done);
      case VringMessage.SetVringBase m -> {
        refuseWhileRunning(ring, "SET_VRING_BASE");
        ring.base = m.base();
        done.accept(null);
      }
      case VringMessage.SetVringAddr m -> {
        if (ring.runner == null) {
          ring.addresses(m.address()); // a running ring gets it again when logging is switched
        }
        boolean logged = (m.address().flags() & VringAddress.LOG) != 0;
        session.refusable(acknowledge, done, () -> log.ring(ring, logged, () -> startReady(done)));
      }
      case VringMessage.GetVringBase ignored -> {
        // The feature alone means this message; with a message of its own, this one drains.
        boolean hurry =
            has(ProtocolFeature.GET_VRING_BASE_INFLIGHT)
                && !has(ProtocolFeature.GET_VRING_BASE_SKIP_DRAIN);
        stop(ring, hurry, done);
      }
      case VringMessage.GetVringBaseSkipDrain m -> {
        if (has(ProtocolFeature.GET_VRING_BASE_SKIP_DRAIN)) {
          stop(ring, true, done);
        } else {
          SessionMessages.refuse(m, acknowledge, done);
        }
      }
      case VringMessage.SetVringEnable m -> enable(ring, m.enable(), done);
      case VringMessage.SetVringKick ignored -> setKick(ring, descriptor, done);
      case VringMessage.SetVringCall ignored -> setCall(ring, descriptor, done);
      case VringMessage.SetVringErr ignored -> {
        Vring.close(ring.error);
        ring.error = descriptor;
        done.accept(null);
      }
      case VringMessage.SetVringEndian m -> SessionMessages.refuse(m, acknowledge, done);
      case VringMessage.VringKick m -> SessionMessages.refuse(m, acknowledge, done);
    }
  }

  /** What a reactor will wait for or write to must be an eventfd: anything else can block it. */
  private static void adoptEvents(VringMessage message, List<FileDescriptor> descriptors)
      throws SessionException {
    for (FileDescriptor descriptor : descriptors) {
      try {
        EventFd.adopt(descriptor);
      } catch (LinuxException e) {
        throw new SessionException(
            message.request()
                + " of ring "
                + message.index()
                + " has no eventfd: "
                + e.getMessage());
      }
    }
  }

  /**
   * A ring that is ready runs for the front-end, even if it {@link Session#mayStartRings} later.
   */
  private static void refuseWhileRunning(Vring ring, String message) throws SessionException {
    if (ring.runner != null || ring.isReady()) {
      throw new SessionException(message + " of ring " + ring.index + " while it runs");
    }
  }

  private void setNum(Vring ring, int size, Consumer<@Nullable Reply> done)
      throws SessionException {
    refuseWhileRunning(ring, "SET_VRING_NUM");
    RingFormat format = RingFormat.of(features.getAsLong());
    if (!format.isValidSize(size)) {
      throw new SessionException(
          "SET_VRING_NUM of ring %d: %s is no %s from 1 to %d"
              .formatted(
                  ring.index,
                  Integer.toUnsignedString(size),
                  format == RingFormat.SPLIT ? "power of two" : "size",
                  VringLayout.MAX_SIZE));
    }
    ring.size = size;
    done.accept(null);
  }

  private boolean has(ProtocolFeature feature) {
    return feature.in(protocolFeatures.getAsLong());
  }

  /**
   * Stops a ring for GET_VRING_BASE.
   *
   * @param hurry whether requests may stay in flight, if there is a region that they are noted in
   */
  private void stop(Vring ring, boolean hurry, Consumer<@Nullable Reply> done) {
    Runnable stopped =
        () -> {
          ring.kicked = false;
          done.accept(new Reply.Vring(new VringState(ring.index, ring.base)));
        };
    if (hurry && inflight.isGiven()) {
      rings.suspend(ring, stopped);
    } else {
      rings.stop(ring, true, stopped);
    }
  }

  private void enable(Vring ring, boolean enable, Consumer<@Nullable Reply> done) {
    ring.enabled = enable;
    if (enable) {
      startReady(done);
    } else {
      rings.stop(ring, false, () -> done.accept(null));
    }
  }

  private void setKick(
      Vring ring, @Nullable FileDescriptor descriptor, Consumer<@Nullable Reply> done) {
    FileDescriptor old = ring.kick;
    ring.kick = descriptor;
    ring.kicked = true;
    if ((features.getAsLong() & 1L << ProtocolFeature.VIRTIO_BIT) == 0) {
      ring.enabled = true; // without that feature a ring starts enabled
    }
    RingRunner runner = ring.runner;
    if (runner == null) {
      Vring.close(old);
      startReady(done);
    } else {
      runner.kick(
          Vring.numberOf(descriptor),
          () -> {
            Vring.close(old);
            done.accept(null);
          });
    }
  }

  private static void setCall(
      Vring ring, @Nullable FileDescriptor descriptor, Consumer<@Nullable Reply> done) {
    FileDescriptor old = ring.call;
    ring.call = descriptor;
    RingRunner runner = ring.runner;
    if (runner == null) {
      Vring.close(old);
      done.accept(null);
    } else {
      runner.call(
          Vring.numberOf(descriptor),
          () -> {
            Vring.close(old);
            done.accept(null);
          });
    }
  }
}
