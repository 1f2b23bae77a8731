package io.millrace.vhost.user.server;

import io.millrace.linux.FileDescriptor;
import io.millrace.vhost.user.ByteString;
import io.millrace.vhost.user.ConfigAccess;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.InflightArea;
import io.millrace.vhost.user.Limits;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.vhost.user.Reply;
import io.millrace.vhost.user.VringMessage;
import io.millrace.virtqueue.RingFormat;
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
              ProtocolFeature.LOG_SHMFD,
              ProtocolFeature.REPLY_ACK,
              ProtocolFeature.BACKEND_REQ,
              ProtocolFeature.CONFIG,
              ProtocolFeature.INFLIGHT_SHMFD,
              ProtocolFeature.RESET_DEVICE,
              ProtocolFeature.CONFIGURE_MEM_SLOTS,
              ProtocolFeature.STATUS,
              ProtocolFeature.GET_VRING_BASE_INFLIGHT,
              ProtocolFeature.GET_VRING_BASE_SKIP_DRAIN));

  private final Session session;
  private final VhostDevice device;
  private final DeviceSession deviceSession;
  private final MemoryChanges memory;
  private final LogMessages log;
  private final SessionInflight inflight;
  private final SessionRings rings;
  private final RingMessages ringMessages;
  private long features;
  private long protocolFeatures;
  private long status;
  private boolean configured; // the driver's choices were told in this session: no older ones count

  SessionMessages(
      Session session,
      VhostDevice device,
      DeviceSession deviceSession,
      MemoryChanges memory,
      LogMessages log,
      SessionInflight inflight,
      SessionRings rings) {
    this.session = session;
    this.device = device;
    this.deviceSession = deviceSession;
    this.memory = memory;
    this.log = log;
    this.inflight = inflight;
    this.rings = rings;
    this.ringMessages =
        new RingMessages(session, log, inflight, rings, () -> features, () -> protocolFeatures);
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
          memory.replace(m.regions(), descriptors, () -> ringMessages.startReady(done));
      case FrontendMessage.AddMemReg m ->
          memory.add(m.region(), descriptors.getFirst(), () -> ringMessages.startReady(done));
      case FrontendMessage.RemMemReg m -> {
        descriptors.forEach(FileDescriptor::close);
        memory.remove(m.region(), () -> ringMessages.startReady(done));
      }
      case FrontendMessage.SetBackendReqFd ignored -> {
        session.backendChannel(descriptors.getFirst());
        done.accept(null);
      }
      case FrontendMessage.SetLogBase m -> {
        // With its feature this message has an answer of its own, asked for or not.
        Reply answer = ProtocolFeature.LOG_SHMFD.in(protocolFeatures) ? Reply.Word.OK : null;
        session.refusable(
            acknowledge,
            done,
            () ->
                log.setBase(
                    m.log(),
                    descriptors,
                    () -> ringMessages.startReady(ok -> done.accept(answer))));
      }
      case FrontendMessage.SetInflightFd m ->
          session.refusable(
              acknowledge, done, () -> setInflight(m.area(), descriptors.getFirst(), done));
      case VringMessage m -> ringMessages.handle(m, acknowledge, descriptors, done);
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
          done.accept(new Reply.Word(device.features() | PROTOCOL_FEATURES | LogMessages.LOG_ALL));
      case FrontendMessage.SetFeatures m -> setFeatures(m.features(), acknowledge, done);
      // DPDK does the same: whoever wants to know of a dirty page looks at the log.
      case FrontendMessage.SetLogFd ignored -> done.accept(null);
      case FrontendMessage.SetOwner ignored -> done.accept(null);
      case FrontendMessage.ResetOwner ignored -> reset(done);
      case FrontendMessage.ResetDevice ignored -> reset(done);
      case FrontendMessage.GetProtocolFeatures ignored -> done.accept(new Reply.Word(OFFERED));
      case FrontendMessage.SetProtocolFeatures m -> {
        refuseUnoffered("protocol features", m.features(), OFFERED);
        refuseAlone(m.features());
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
      case FrontendMessage.GetInflightFd m -> getInflight(m.area(), done);
      case FrontendMessage.GetStatus ignored -> done.accept(new Reply.Word(status));
      default -> refuse(message, acknowledge, done);
    }
  }

  /** A message of a feature that was not offered, so that a front-end may not send it. */
  static void refuse(FrontendMessage message, boolean acknowledge, Consumer<@Nullable Reply> done)
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

  /** What is left in flight has to be noted somewhere. */
  private static void refuseAlone(long bits) throws SessionException {
    boolean skips = ProtocolFeature.GET_VRING_BASE_SKIP_DRAIN.in(bits);
    boolean leaves = ProtocolFeature.GET_VRING_BASE_INFLIGHT.in(bits);
    if ((skips && !leaves) || (leaves && !ProtocolFeature.INFLIGHT_SHMFD.in(bits))) {
      throw new SessionException(
          "protocol features 0x%x: GET_VRING_BASE_SKIP_DRAIN needs GET_VRING_BASE_INFLIGHT, and that INFLIGHT_SHMFD"
              .formatted(bits));
    }
  }

  /** F_LOG_ALL may change while rings run, and nothing else. */
  private void setFeatures(long bits, boolean acknowledge, Consumer<@Nullable Reply> done)
      throws SessionException {
    long all = LogMessages.LOG_ALL;
    refuseUnoffered("features", bits, device.features() | PROTOCOL_FEATURES | all);
    long wanted = bits & ~all;
    if (wanted != features && rings.anyRunning()) {
      throw new SessionException("SET_FEATURES changes features while rings run");
    }
    session.refusable(
        acknowledge,
        done,
        () -> {
          log.all((bits & all) != 0, () -> done.accept(null));
          features = wanted;
          if (!rings.anyRunning()) {
            deviceSession.negotiated(wanted);
          }
        });
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
      configured = true;
      inflight.note(deviceSession);
      done.accept(null);
    } else if (acknowledge) {
      done.accept(Reply.Word.FAILED);
    } else {
      throw new SessionException(
          "SET_CONFIG writes %d bytes at %d, which no driver may: %s"
              .formatted(data.length, access.offset(), Arrays.toString(data)));
    }
  }

  /** QEMU asks once, before it starts the device, and keeps what it gets for the next back-end. */
  private void getInflight(InflightArea asked, Consumer<@Nullable Reply> done)
      throws SessionException {
    SessionInflight.Made made = inflight.create(asked, RingFormat.of(features));
    session.sendAlong(List.of(made.file()));
    done.accept(new Reply.Inflight(made.area()));
  }

  private void setInflight(
      InflightArea given, FileDescriptor descriptor, Consumer<@Nullable Reply> done)
      throws SessionException {
    if (rings.anyRunning()) {
      descriptor.close();
      throw new SessionException("SET_INFLIGHT_FD while rings run");
    }
    inflight.replace(given, descriptor, RingFormat.of(features));
    if (!configured) {
      inflight.restore(deviceSession);
    }
    inflight.note(deviceSession);
    done.accept(null);
  }

  /** All rings stop and are disabled; memory and negotiated features stay. */
  private void reset(Consumer<@Nullable Reply> done) {
    rings.stopAll(() -> {
      for (Vring ring : rings.all()) {
        ring.enabled = false;
        ring.kicked = false;
      }
      try {
        inflight.forget();
        done.accept(null);
      } catch (SessionException e) {
        session.fail(e.getMessage());
      }
    });
  }

  /** Starts the rings that waited until they may. */
  void startReady(Runnable done) {
    ringMessages.startReady(nothing -> done.run());
  }
}
