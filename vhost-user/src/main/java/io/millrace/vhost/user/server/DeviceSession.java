package io.millrace.vhost.user.server;

/** A device's half of one front-end's session. Control thread unless said otherwise. */
public interface DeviceSession {
  /**
   * The front-end acknowledged these features, of those offered; no ring runs with others.
   *
   * @param features virtio feature bits
   */
  void negotiated(long features);

  /**
   * The configuration space as the driver sees it now.
   *
   * @return at most 256 bytes; what the front-end reads beyond them is 0
   */
  byte[] config();

  /**
   * The driver, or a migration, writes configuration.
   *
   * @param offset of the first byte
   * @param data what to write
   * @param migration any field may be written, not only those a driver may write
   * @return false if that may not be written
   */
  boolean writeConfig(int offset, byte[] data, boolean migration);

  /**
   * A queue starts; runs on the queue's reactor.
   *
   * @param context what the queue may use; valid until the handler is closed
   * @throws QueueStartException if the device cannot serve it
   */
  QueueHandler startQueue(QueueContext context) throws QueueStartException;

  /** The front-end is gone and all its queues are closed. */
  void closed();
}
