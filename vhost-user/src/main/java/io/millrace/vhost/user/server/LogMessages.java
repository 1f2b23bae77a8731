package io.millrace.vhost.user.server;

import io.millrace.linux.FileDescriptor;
import io.millrace.vhost.user.LogArea;
import io.millrace.vhost.user.ProtocolFeature;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The messages by which a front-end has stores into its guest's memory logged ("Migration" in
 * vhost-user.rst): the log, F_LOG_ALL for buffers, a flag of each ring for the ring. All of it
 * changes while rings run, and is answered when every ring keeps to it. Control thread.
 */
final class LogMessages {
  private static final Logger LOG = LoggerFactory.getLogger(LogMessages.class);

  /** F_LOG_ALL, which is no feature of the device: it only switches. */
  static final long LOG_ALL = 1L << ProtocolFeature.LOG_ALL_VIRTIO_BIT;

  private final Session session;
  private final SessionLog log;
  private final SharedMemory memory;
  private final SessionRings rings;

  LogMessages(Session session, SessionLog log, SharedMemory memory, SessionRings rings) {
    this.session = session;
    this.log = log;
    this.memory = memory;
    this.rings = rings;
  }

  /**
   * SET_LOG_BASE.
   *
   * @param descriptors belong to this from now on
   * @param done runs when all rings write to that log, and no other
   */
  void setBase(LogArea area, List<FileDescriptor> descriptors, Runnable done)
      throws SessionException {
    if (descriptors.isEmpty()) {
      throw new SessionException("SET_LOG_BASE without a descriptor: LOG_SHMFD must be negotiated");
    }
    Runnable unmapOld = log.replace(area, descriptors.getFirst(), memory.map());
    LOG.debug("{}: {}", session, area);
    rings.logAll(() -> {
      unmapOld.run();
      done.run();
    });
  }

  /**
   * What SET_FEATURES says of the log.
   *
   * @param all whether F_LOG_ALL was acknowledged
   * @param done runs when all rings keep to it
   */
  void all(boolean all, Runnable done) throws SessionException {
    if (all == log.all()) {
      done.run();
      return;
    }
    log.all(all, rings.anyRunning(), memory.map());
    LOG.info("{}: dirty pages are {}", session, all ? "logged from now on" : "logged no more");
    rings.logAll(done);
  }

  /**
   * What SET_VRING_ADDR says of the log.
   *
   * @param done runs when the ring keeps to it
   */
  void ring(Vring ring, boolean logged, Runnable done) throws SessionException {
    log.ring(ring.index, logged, ring.runner != null, memory.map());
    rings.log(ring, done);
  }
}
