package io.millrace.bdev;

import io.millrace.reactor.Reactor;

/**
 * One opening of a bdev. Any number of users may have one each. Control thread, except the
 * channels, which are opened and closed on their reactor.
 */
public final class BdevDescriptor implements AutoCloseable {
  private final BdevRegistry registry;
  private final Bdev bdev;
  private final BdevListener listener;
  private final boolean writable;
  private boolean closed;

  BdevDescriptor(BdevRegistry registry, Bdev bdev, boolean writable, BdevListener listener) {
    this.registry = registry;
    this.bdev = bdev;
    this.writable = writable;
    this.listener = listener;
  }

  /** The open bdev. */
  public Bdev bdev() {
    return bdev;
  }

  /** Whether it was opened for writing. */
  public boolean isWritable() {
    return writable;
  }

  BdevListener listener() {
    return listener;
  }

  /**
   * Opens the reactor's channel, or shares the one that is open. Runs on that reactor.
   *
   * @return give it back by {@link #closeChannel} on the same reactor
   */
  public BdevChannel openChannel(Reactor reactor) throws BdevException {
    return bdev.acquireChannel(reactor);
  }

  /**
   * Gives a channel back, with nothing of the caller's in flight. Runs on the channel's reactor.
   */
  public void closeChannel(BdevChannel channel) {
    bdev.releaseChannel(channel);
  }

  /** Ends this opening; all its channels are closed. Later calls do nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      registry.closed(this);
    }
  }
}
