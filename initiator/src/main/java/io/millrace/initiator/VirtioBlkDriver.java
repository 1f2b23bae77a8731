package io.millrace.initiator;

import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.linux.LinuxException;
import io.millrace.vhost.user.ByteString;
import io.millrace.vhost.user.VhostSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A virtio-blk driver over a vhost-user socket: negotiates, shares memory, starts its queues.
 * Opening and closing block, one thread; each {@link BlkQueue} then belongs to whichever thread
 * uses it.
 */
public final class VirtioBlkDriver implements AutoCloseable {
  private final DriverQueues device;
  private final BlkConfig config;
  private final BlkDriverOptions options;
  private final List<BlkQueue> queues = new ArrayList<>();

  private VirtioBlkDriver(DriverQueues device, BlkConfig config, BlkDriverOptions options) {
    this.device = device;
    this.config = config;
    this.options = options;
    device.queues().forEach(started -> queues.add(queue(started)));
  }

  /**
   * Opens the device behind a socket and starts its queues.
   *
   * @param socket path of the back-end's socket
   */
  public static VirtioBlkDriver open(Path socket, BlkDriverOptions options)
      throws InitiatorException {
    return over(Frontend.connect(socket, options.frontend()), options);
  }

  /**
   * Opens the device of a back-end that connects, and starts its queues.
   *
   * @param listener where it connects to; stays the caller's
   */
  public static VirtioBlkDriver accept(VhostSocket listener, BlkDriverOptions options)
      throws InitiatorException {
    return over(Frontend.accept(listener, options.frontend()), options);
  }

  private static VirtioBlkDriver over(Frontend frontend, BlkDriverOptions options)
      throws InitiatorException {
    QueuePlan plan = plan(options);
    DriverQueues.negotiate(frontend, plan);
    BlkConfig config;
    try {
      config = BlkConfig.decode(frontend.getConfig(0, BlkConfig.BYTES));
    } catch (InitiatorException e) {
      frontend.close();
      throw e;
    }
    return new VirtioBlkDriver(DriverQueues.start(frontend, plan), config, options);
  }

  private static QueuePlan plan(BlkDriverOptions options) {
    return new QueuePlan(
        options.frontend(),
        options.queues(),
        options.queueSize(),
        options.indirectEntries(),
        BlkQueue.SHAPE.controlBytes(options.depth()),
        options.dataBytes(),
        options.sealed(),
        -1,
        options.deviceFeatures());
  }

  private BlkQueue queue(DriverQueue started) {
    return new BlkQueue(device.memory(), started, options.depth(), options.poisonStatus());
  }

  /**
   * Resets one queue while the others run (RING_RESET, virtio 1.3 §2.6.1): the device finishes what
   * it has there, and the queue starts anew with an empty ring. Completions that were not polled
   * before are lost with the old one.
   *
   * @param index of the queue; nobody else uses it meanwhile
   * @return the queue from now on
   * @throws InitiatorException UNSUPPORTED without that feature
   */
  public BlkQueue resetQueue(int index) throws InitiatorException {
    BlkQueue fresh = queue(device.resetQueue(index));
    queues.set(index, fresh);
    return fresh;
  }

  /**
   * Goes on with another back-end, or another connection to the same, after the last one ended
   * however it did: rings, memory and what is in flight stay. The in-flight region tells the
   * back-end what it has to finish. Nobody uses a queue meanwhile.
   *
   * @param socket path of the back-end's socket
   * @throws InitiatorException UNSUPPORTED if it does not offer the features that were negotiated,
   *     or offers more of those that the options ask for
   */
  public void reconnect(Path socket) throws InitiatorException {
    device.reconnect(socket);
  }

  /**
   * Starts all queues again that {@link #suspend} stopped, with what they have in flight.
   *
   * @throws InitiatorException PROTOCOL when the back-end refuses that
   */
  public void resume() throws InitiatorException {
    device.resume();
  }

  /**
   * Stops all queues at once, whatever the back-end has in flight: that stays noted in the
   * in-flight region, for {@link #resume} or {@link #reconnect}.
   *
   * @throws InitiatorException UNSUPPORTED without GET_VRING_BASE_SKIP_DRAIN
   */
  public void suspend() throws InitiatorException {
    device.suspend();
  }

  /** The device's configuration when it was opened. */
  public BlkConfig config() {
    return config;
  }

  /** Reads the configuration again. */
  public BlkConfig readConfig() throws InitiatorException {
    return BlkConfig.decode(frontend().getConfig(0, BlkConfig.BYTES));
  }

  /**
   * Switches the device's cache; writes submitted afterwards keep to it.
   *
   * @param on true for write-back, false for write-through
   * @throws InitiatorException REFUSED by a device without CONFIG_WCE
   */
  public void writeback(boolean on) throws InitiatorException {
    byte[] value = {(byte) (on ? 1 : 0)};
    frontend().setConfig(BlkConfig.WRITEBACK_OFFSET, ByteString.of(value));
  }

  /** Whether a feature of {@link VirtioBlk} was negotiated. */
  public boolean has(long feature) {
    return device.has(feature);
  }

  /** The region in which the back-end remembers what it has in flight; null if it does not. */
  public @Nullable InflightMemory inflight() {
    return device.inflight();
  }

  /** How many queues were started. */
  public int queueCount() {
    return queues.size();
  }

  /** A queue, for one thread at a time. */
  public BlkQueue queue(int index) {
    return queues.get(index);
  }

  /** Memory for data: allocate from it before the queues are busy. */
  public GuestMemory memory() {
    return device.memory();
  }

  /** The connection. */
  public Frontend frontend() {
    return device.frontend();
  }

  /**
   * Runs one request alone on the first queue, for tests and set-up: nothing else may be in flight
   * there.
   *
   * @param timeoutNanos most to wait
   * @return its status
   * @throws InitiatorException UNREACHABLE when it was not done in time
   */
  public int run(int type, long sector, long address, int bytes, long timeoutNanos)
      throws InitiatorException {
    BlkQueue queue = queue(0);
    int[] result = {-1};
    queue.submit(type, sector, address, bytes, 0);
    queue.kick();
    long deadline = System.nanoTime() + timeoutNanos;
    try {
      while (queue.poll((token, status, written) -> result[0] = status) == 0) {
        long left = deadline - System.nanoTime();
        if (left <= 0 || queue.isBroken()) {
          throw new InitiatorException(
              Kind.UNREACHABLE,
              "%s: request of type %d at sector %d is not done after %d ms"
                  .formatted(
                      frontend().connection().name(),
                      type,
                      sector,
                      TimeUnit.NANOSECONDS.toMillis(timeoutNanos)));
        }
        queue.sleep((int) TimeUnit.NANOSECONDS.toMillis(left) + 1);
      }
    } catch (LinuxException e) {
      throw new InitiatorException(
          Kind.UNREACHABLE, frontend().connection().name() + ": " + e.getMessage(), e);
    }
    return result[0];
  }

  /**
   * Stops all queues: the device finishes what it has and lets go of the rings.
   *
   * @throws InitiatorException PROTOCOL when a queue stops elsewhere than at its available index
   */
  public void stop() throws InitiatorException {
    device.stop();
  }

  /** Stops the queues if {@link #stop} did not, then closes connection and memory. */
  @Override
  public void close() {
    device.close();
  }
}
