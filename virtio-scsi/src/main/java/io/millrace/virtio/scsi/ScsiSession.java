package io.millrace.virtio.scsi;

import io.millrace.scsi.InitiatorPort;
import io.millrace.scsi.Nexus;
import io.millrace.scsi.ScsiTarget;
import io.millrace.vhost.user.server.DeviceSession;
import io.millrace.vhost.user.server.QueueContext;
import io.millrace.vhost.user.server.QueueHandler;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The device's half of one front-end's session: an initiator, with a nexus for each target. Control
 * thread, unless said otherwise.
 */
final class ScsiSession implements DeviceSession {
  private final ScsiDevice device;
  private final int number;
  private final InitiatorPort initiator;
  private final Map<ScsiTarget, Nexus> nexuses = new ConcurrentHashMap<>();
  private final EventBox events = new EventBox();
  private volatile long features;

  ScsiSession(ScsiDevice device, int number, String initiator) {
    this.device = device;
    this.number = number;
    this.initiator = new InitiatorPort(initiator);
  }

  ScsiDevice device() {
    return device;
  }

  int number() {
    return number;
  }

  /** What this initiator and a target have to do with one another. Any thread. */
  Nexus nexus(ScsiTarget target) {
    return nexuses.computeIfAbsent(target, to -> new Nexus(initiator, to));
  }

  /** A target is no more; no queue uses it. */
  void forget(ScsiTarget target) {
    Nexus nexus = nexuses.remove(target);
    if (nexus != null) {
      nexus.close();
    }
  }

  void tell(ScsiEvent event) {
    if ((features & event.feature()) != 0) {
      events.add(event);
    }
  }

  @Override
  public void negotiated(long acknowledged) {
    features = acknowledged;
  }

  @Override
  public byte[] config() {
    return ScsiConfig.of(ScsiDevice.QUEUES, ScsiTarget.MAX_LUN);
  }

  @Override
  public boolean writeConfig(int offset, byte[] data, boolean migration) {
    return ScsiConfig.mayWrite(config(), offset, data);
  }

  @Override
  public QueueHandler startQueue(QueueContext context) {
    return switch (context.index()) {
      case ScsiConfig.CONTROL_QUEUE -> new ControlQueue(this, context);
      case ScsiConfig.EVENT_QUEUE -> new EventQueue(events, context);
      default -> new ScsiQueue(this, context);
    };
  }

  @Override
  public void closed() {
    nexuses.values().forEach(Nexus::close);
    nexuses.clear();
    device.closed(this);
  }
}
