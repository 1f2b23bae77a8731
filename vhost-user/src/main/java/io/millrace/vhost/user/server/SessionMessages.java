package io.millrace.vhost.user.server;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.vhost.user.ByteString;
import io.millrace.vhost.user.ConfigAccess;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.Limits;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.vhost.user.Reply;
import io.millrace.vhost.user.VringMessage;
import io.millrace.vhost.user.VringState;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VringLayout;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What each message of a front-end does ("Front-end message types" in vhost-user.rst), for one
 * session. Control thread; every message answers once, now or when the reactors have done their
 * part.
 */
final class SessionMessages {
  private static final long PROTOCOL_FEATURES = 1L << ProtocolFeature.VIRTIO_BIT;

  /** QEMU acknowledges every bit that it knows, so each of these is a promise kept. */
  private static final long OFFERED =
      ProtocolFeature.mask(
          EnumSet.of(
              ProtocolFeature.MQ,
              ProtocolFeature.REPLY_ACK,
              ProtocolFeature.BACKEND_REQ,
              ProtocolFeature.CONFIG,
              ProtocolFeature.RESET_DEVICE,
              ProtocolFeature.CONFIGURE_MEM_SLOTS,
              ProtocolFeature.STATUS));

  private final Session session;
  private final VhostDevice device;
  private final DeviceSession deviceSession;
  private final MemoryChanges memory;
  private final SessionRings rings;
  private long features;
  private long protocolFeatures;
  private long status;

  SessionMessages(
      Session session,
      VhostDevice device,
      DeviceSession deviceSession,
      MemoryChanges memory,
      SessionRings rings) {
    this.session = session;
    this.device = device;
    this.deviceSession = deviceSession;
    this.memory = memory;
    this.rings = rings;
  }

  /** Whether a message that asks for an acknowledgement gets one. */
  boolean acknowledges() {
    return ProtocolFeature.REPLY_ACK.in(protocolFeatures);
  }

  /**
   * Does a message.
   *
   * @param acknowledge whether the front-end learns of a refusal
   * @param descriptors belong to this from now on
   * @param done gets the reply, null when there is none; not called if this throws
   */
  void handle(
      FrontendMessage message,
      boolean acknowledge,
      List<FileDescriptor> descriptors,
      Consumer<@Nullable Reply> done)
      throws SessionException {
    switch (message) {
      case FrontendMessage.SetMemTable m ->
          memory.replace(m.regions(), descriptors, () -> startReady(done));
      case FrontendMessage.AddMemReg m ->
          memory.add(m.region(), descriptors.getFirst(), () -> startReady(done));
      case FrontendMessage.RemMemReg m -> {
        descriptors.forEach(FileDescriptor::close);
        memory.remove(m.region(), () -> startReady(done));
      }
      case FrontendMessage.SetBackendReqFd ignored -> {
        session.backendChannel(descriptors.getFirst());
        done.accept(null);
      }
      case VringMessage m -> handleRing(m, acknowledge, descriptors, done);
      default -> {
        descriptors.forEach(FileDescriptor::close);
        handlePlain(message, acknowledge, done);
      }
    }
  }

  /** Messages that are about no ring and carry nothing. */
  private void handlePlain(
      FrontendMessage message, boolean acknowledge, Consumer<@Nullable Reply> done)
      throws SessionException {
    switch (message) {
      case FrontendMessage.GetFeatures ignored ->
          done.accept(new Reply.Word(device.features() | PROTOCOL_FEATURES));
      case FrontendMessage.SetFeatures m -> setFeatures(m.features(), done);
      case FrontendMessage.SetOwner ignored -> done.accept(null);
      case FrontendMessage.ResetOwner ignored -> reset(done);
      case FrontendMessage.ResetDevice ignored -> reset(done);
      case FrontendMessage.GetProtocolFeatures ignored -> done.accept(new Reply.Word(OFFERED));
      case FrontendMessage.SetProtocolFeatures m -> {
        refuseUnoffered("protocol features", m.features(), OFFERED);
        protocolFeatures = m.features();
        done.accept(null);
      }
      case FrontendMessage.GetQueueNum ignored -> done.accept(new Reply.Word(device.queueCount()));
      case FrontendMessage.GetMaxMemSlots ignored ->
          done.accept(new Reply.Word(Limits.MAX_MEMORY_SLOTS));
      case FrontendMessage.GetConfig m -> done.accept(new Reply.Config(readConfig(m.access())));
      case FrontendMessage.SetConfig m -> setConfig(m.access(), acknowledge, done);
      case FrontendMessage.SetStatus m -> {
        status = m.status();
        if (status == 0) {
          reset(done);
        } else {
          done.accept(null);
        }
      }
      case FrontendMessage.GetStatus ignored -> done.accept(new Reply.Word(status));
      default -> refuse(message, acknowledge, done);
    }
  }

  /** A message of a feature that was not offered, so that a front-end may not send it. */
  private static void refuse(
      FrontendMessage message, boolean acknowledge, Consumer<@Nullable Reply> done)
      throws SessionException {
    if (!acknowledge) {
      throw new SessionException(message.request() + " belongs to a feature that is not offered");
    }
    done.accept(Reply.Word.FAILED);
  }

  private static void refuseUnoffered(String what, long bits, long offered)
      throws SessionException {
    long surplus = bits & ~offered;
    if (surplus != 0) {
      throw new SessionException("%s 0x%x are not offered".formatted(what, surplus));
    }
  }

  private void setFeatures(long bits, Consumer<@Nullable Reply> done) throws SessionException {
    refuseUnoffered("features", bits, device.features() | PROTOCOL_FEATURES);
    if (bits != features && rings.anyRunning()) {
      throw new SessionException("SET_FEATURES changes features while rings run");
    }
    features = bits;
    deviceSession.negotiated(bits);
    done.accept(null);
  }

  private ConfigAccess readConfig(ConfigAccess asked) {
    byte[] config = deviceSession.config();
    int length = asked.data().length();
    byte[] part = new byte[length];
    int offset = asked.offset();
    int there = Math.max(0, Math.min(length, config.length - offset));
    System.arraycopy(config, Math.min(offset, config.length), part, 0, there);
    return new ConfigAccess(offset, asked.flags(), ByteString.of(part));
  }

  private void setConfig(ConfigAccess access, boolean acknowledge, Consumer<@Nullable Reply> done)
      throws SessionException {
    boolean migration = access.flags() == ConfigAccess.MIGRATION;
    byte[] data = access.data().toArray();
    if (deviceSession.writeConfig(access.offset(), data, migration)) {
      done.accept(null);
    } else if (acknowledge) {
      done.accept(Reply.Word.FAILED);
    } else {
      throw new SessionException(
          "SET_CONFIG writes %d bytes at %d, which no driver may: %s"
              .formatted(data.length, access.offset(), Arrays.toString(data)));
    }
  }

  /** All rings stop and are disabled; memory and negotiated features stay. */
  private void reset(Consumer<@Nullable Reply> done) {
    rings.stopAll(() -> {
      for (Vring ring : rings.all()) {
        ring.enabled = false;
        ring.kicked = false;
      }
      done.accept(null);
    });
  }

  // ---- rings ------------------------------------------------------------------------------------

  private void startReady(Consumer<@Nullable Reply> done) {
    if (rings.all().stream().anyMatch(Vring::isReady)) {
      session.whenDeviceIsFree(() -> rings.startReady(features, () -> done.accept(null)));
    } else {
      done.accept(null);
    }
  }

  private void handleRing(
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
        startReady(done);
      }
      case VringMessage.GetVringBase ignored ->
          rings.stop(
              ring,
              () -> {
                ring.kicked = false;
                done.accept(new Reply.Vring(new VringState(ring.index, ring.base)));
              });
      case VringMessage.SetVringEnable m -> enable(ring, m.enable(), done);
      case VringMessage.SetVringKick ignored -> setKick(ring, descriptor, done);
      case VringMessage.SetVringCall ignored -> setCall(ring, descriptor, done);
      case VringMessage.SetVringErr ignored -> {
        Vring.close(ring.error);
        ring.error = descriptor;
        done.accept(null);
      }
      case VringMessage.SetVringEndian m -> refuse(m, acknowledge, done);
      case VringMessage.VringKick m -> refuse(m, acknowledge, done);
      case VringMessage.GetVringBaseSkipDrain m -> refuse(m, acknowledge, done);
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

  private static void refuseWhileRunning(Vring ring, String message) throws SessionException {
    if (ring.runner != null) {
      throw new SessionException(message + " of ring " + ring.index + " while it runs");
    }
  }

  private void setNum(Vring ring, int size, Consumer<@Nullable Reply> done)
      throws SessionException {
    refuseWhileRunning(ring, "SET_VRING_NUM");
    RingFormat format = RingFormat.of(features);
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

  private void enable(Vring ring, boolean enable, Consumer<@Nullable Reply> done) {
    ring.enabled = enable;
    if (enable) {
      startReady(done);
    } else {
      rings.stop(ring, () -> done.accept(null));
    }
  }

  private void setKick(
      Vring ring, @Nullable FileDescriptor descriptor, Consumer<@Nullable Reply> done) {
    FileDescriptor old = ring.kick;
    ring.kick = descriptor;
    ring.kicked = true;
    if ((features & PROTOCOL_FEATURES) == 0) {
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
