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
   * What the driver chose that a back-end after this one has to know, and the front-end need not
   * tell: it is kept with what is in flight.
   *
   * @return 1 to 2^31 - 1, or 0 for nothing
   */
  default int choices() {
    return 0;
  }

  /**
   * What a back-end or session before this one had as {@link #choices}.
   *
   * @param kept any value: a front-end may have written it
   */
  default void restore(int kept) {
    // Where there is nothing to choose, nothing is kept.
  }

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
