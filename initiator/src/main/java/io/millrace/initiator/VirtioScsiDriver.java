package io.millrace.initiator;

import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.linux.EventFd;
import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.DriverRing;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A virtio-scsi driver over a vhost-user socket: negotiates, shares memory, starts its queues and
 * gives the device buffers for events. Everything here blocks, one thread; each {@link
 * ScsiRequestQueue} belongs to whichever thread uses it.
 */
public final class VirtioScsiDriver implements AutoCloseable {
  /** Buffers that the device has for events. */
  public static final int EVENT_BUFFERS = 8;

  /** Bytes of each. */
  public static final int EVENT_BYTES = 16;

  private static final int FUNCTION_BYTES = 24;
  private static final int FUNCTION_RESPONSE_AT = 64;
  private static final int SLEEP_MILLIS = 20;
  private static final int PAGE = 4096;

  /** Longest data of a command alone: what a target that is asked takes at once. */
  public static final int SCRATCH_BYTES = 4 << 20;

  private final DriverQueues device;
  private final List<ScsiRequestQueue> queues = new ArrayList<>();
  private final long[] eventBuffers; // by head
  private final List<ScsiEventSeen> events = new ArrayList<>();
  private final long scratch;
  private final int scratchBytes;
  private int functionChain = -1;
  private boolean functionDone;

  private VirtioScsiDriver(DriverQueues device, ScsiDriverOptions options) {
    this.device = device;
    List<DriverQueue> started = device.queues();
    for (int i = VirtioScsi.FIRST_REQUEST_QUEUE; i < started.size(); i++) {
      queues.add(new ScsiRequestQueue(device.memory(), started.get(i), options.depth()));
    }
    eventBuffers = new long[options.queueSize()];
    scratchBytes = SCRATCH_BYTES;
    scratch = device.memory().allocate(scratchBytes, PAGE);
    offerEventBuffers();
  }

  /**
   * Opens the device behind a socket and starts its queues.
   *
   * @param socket path of the back-end's socket
   */
  public static VirtioScsiDriver open(Path socket, ScsiDriverOptions options)
      throws InitiatorException {
    return over(Frontend.connect(socket, options.frontend()), options);
  }

  /**
   * Opens the device that a front-end is connected to, and starts its queues.
   *
   * @param frontend just connected, the driver's from now on; closed if this fails
   */
  public static VirtioScsiDriver over(Frontend frontend, ScsiDriverOptions options)
      throws InitiatorException {
    QueuePlan plan =
        new QueuePlan(
            options.frontend(),
            VirtioScsi.FIRST_REQUEST_QUEUE + options.requestQueues(),
            options.queueSize(),
            options.indirectEntries(),
            ScsiRequestQueue.SHAPE.controlBytes(options.depth()),
            options.dataBytes() + SCRATCH_BYTES + PAGE,
            options.sealed(),
            VirtioScsi.EVENT_QUEUE,
            VirtioScsi.FEATURES);
    DriverQueues.negotiate(frontend, plan);
    return new VirtioScsiDriver(DriverQueues.start(frontend, plan), options);
  }

  /** How many request queues there are. */
  public int queueCount() {
    return queues.size();
  }

  /** A request queue, for one thread at a time. */
  public ScsiRequestQueue queue(int index) {
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

  /** The region in which the back-end remembers what it has in flight; null if it does not. */
  public @Nullable InflightMemory inflight() {
    return device.inflight();
  }

  /**
   * Goes on with another back-end; see {@link VirtioBlkDriver#reconnect}.
   *
   * @param socket path of the back-end's socket
   */
  public void reconnect(Path socket) throws InitiatorException {
    device.reconnect(socket);
  }

  /** Starts all queues again; see {@link VirtioBlkDriver#resume}. */
  public void resume() throws InitiatorException {
    device.resume();
  }

  /** Stops all queues at once, whatever is in flight; see {@link VirtioBlkDriver#suspend}. */
  public void suspend() throws InitiatorException {
    device.suspend();
  }

  /** The ring of a queue of the device: 0 is that for control, 1 that for events. */
  public DriverRing ring(int index) {
    return device.queues().get(index).ring();
  }

  /** Host address of the buffers for events, one behind the other. */
  public long eventBuffers() {
    return device.queues().get(VirtioScsi.EVENT_QUEUE).control();
  }

  // ---- a command alone --------------------------------------------------------------------------

  /**
   * Does a command without data, or one whose data comes from the device, alone on the first queue.
   *
   * @param lun of {@link VirtioScsi#lun}
   * @param inBytes room for its data
   * @param patience most to wait
   */
  public ScsiResult read(long lun, byte[] cdb, int inBytes, Duration patience)
      throws InitiatorException {
    RawMemory.fill(scratch, Math.max(1, inBytes), (byte) 0xee);
    return run(lun, cdb, inBytes, true, patience);
  }

  /** Does a command whose data goes to the device, alone on the first queue. */
  public ScsiResult write(long lun, byte[] cdb, byte[] out, Duration patience)
      throws InitiatorException {
    RawMemory.put(out, 0, out.length, scratch);
    return run(lun, cdb, out.length, false, patience);
  }

  private ScsiResult run(long lun, byte[] cdb, int bytes, boolean in, Duration patience)
      throws InitiatorException {
    if (bytes > scratchBytes) {
      throw new IllegalArgumentException(bytes + " bytes, there is room for " + scratchBytes);
    }
    ScsiRequestQueue queue = queues.getFirst();
    queue.submit(lun, 0, VirtioScsi.ATTRIBUTE_SIMPLE, cdb, scratch, bytes, in, 0);
    queue.kick();
    ScsiResult[] result = new ScsiResult[1];
    ScsiCompletion done =
        (token, response, status, slot, written) -> {
          int residual = queue.residual(slot);
          byte[] data = new byte[in ? Math.clamp((long) bytes - residual, 0, bytes) : 0];
          RawMemory.get(scratch, data, 0, data.length);
          result[0] =
              new ScsiResult(
                  response, status, queue.sense(slot), queue.condition(slot), data, residual);
        };
    await(
        "a command of opcode 0x%02x".formatted(cdb[0]),
        patience,
        () -> {
          queue.poll(done);
          return result[0] != null;
        });
    return result[0];
  }

  private void await(String what, Duration patience, BooleanSupplier done)
      throws InitiatorException {
    long deadline = System.nanoTime() + patience.toNanos();
    try {
      while (!done.getAsBoolean()) {
        if (System.nanoTime() - deadline > 0) {
          throw new InitiatorException(
              Kind.UNREACHABLE,
              "%s: %s is not done after %d ms"
                  .formatted(frontend().connection().name(), what, patience.toMillis()));
        }
        queues.getFirst().sleep(SLEEP_MILLIS);
      }
    } catch (LinuxException e) {
      throw new InitiatorException(
          Kind.UNREACHABLE, frontend().connection().name() + ": " + e.getMessage(), e);
    }
  }

  // ---- task management --------------------------------------------------------------------------

  /**
   * Asks for a task management function (virtio 1.3 §5.6.6.2) and waits for its response.
   *
   * @param subtype 0 to 7: abort task, abort task set, clear ACA, clear task set, I_T nexus reset,
   *     logical unit reset, query task, query task set
   * @param lun of {@link VirtioScsi#lun}
   * @param tag of the task
   */
  public int manage(int subtype, long lun, long tag, Duration patience) throws InitiatorException {
    DriverQueue control = device.queues().get(VirtioScsi.CONTROL_QUEUE);
    long request = control.control();
    RawMemory.putInt(request, 0);
    RawMemory.putInt(request + 4, subtype);
    RawMemory.putLong(request + 8, Long.reverseBytes(lun));
    RawMemory.putLong(request + 16, tag);
    RawMemory.putByte(request + FUNCTION_RESPONSE_AT, (byte) 0xee);
    if (functionChain < 0) {
      functionChain = control.ring().begin(2);
      control.ring().add(memory().guest(request), FUNCTION_BYTES, false);
      control.ring().add(memory().guest(request + FUNCTION_RESPONSE_AT), 1, true);
    }
    functionDone = false;
    control.ring().offer(functionChain);
    publish(control);
    await(
        "function " + subtype,
        patience,
        () -> {
          control.ring().reap((head, written) -> functionDone = true, 1);
          return functionDone;
        });
    return RawMemory.getByte(request + FUNCTION_RESPONSE_AT) & 0xff;
  }

  // ---- events -----------------------------------------------------------------------------------

  private void offerEventBuffers() {
    DriverQueue queue = eventQueue();
    for (int i = 0; i < EVENT_BUFFERS; i++) {
      long buffer = queue.control() + (long) i * EVENT_BYTES;
      int head = queue.ring().begin(1);
      queue.ring().add(memory().guest(buffer), EVENT_BYTES, true);
      eventBuffers[head] = buffer;
      queue.ring().offer(head);
    }
    publish(queue);
  }

  /**
   * Waits for an event.
   *
   * @return the oldest one that was not asked for yet
   */
  public ScsiEventSeen nextEvent(Duration patience) throws InitiatorException {
    List<ScsiEventSeen> next = new ArrayList<>();
    await(
        "an event",
        patience,
        () -> {
          pollEvent().ifPresent(next::add);
          return !next.isEmpty();
        });
    return next.getFirst();
  }

  /** The oldest event that was not asked for yet, if there is one. */
  public Optional<ScsiEventSeen> pollEvent() {
    if (events.isEmpty()) {
      DriverQueue queue = eventQueue();
      queue.ring().reap((head, written) -> event(queue, head), EVENT_BUFFERS);
      publish(queue);
    }
    return events.isEmpty() ? Optional.empty() : Optional.of(events.removeFirst());
  }

  /**
   * Asks the device to write to {@link #eventDescriptor} when there is an event.
   *
   * @return false if there is one already, or the device broke its queue: see {@link
   *     #hasBrokenEvents}
   */
  public boolean enableEventCalls() {
    return events.isEmpty() && eventQueue().ring().enableCalls();
  }

  /** What the device writes to when there is an event. */
  public int eventDescriptor() {
    return eventQueue().events().call().number();
  }

  /** Whether the device returned event buffers that it never got: no event comes any more. */
  public boolean hasBrokenEvents() {
    return eventQueue().ring().isBroken();
  }

  private DriverQueue eventQueue() {
    return device.queues().get(VirtioScsi.EVENT_QUEUE);
  }

  private void event(DriverQueue queue, int head) {
    long buffer = eventBuffers[head];
    events.add(
        new ScsiEventSeen(
            RawMemory.getInt(buffer),
            Long.reverseBytes(RawMemory.getLong(buffer + 4)),
            RawMemory.getInt(buffer + 12)));
    queue.ring().offer(head);
  }

  private static void publish(DriverQueue queue) {
    if (queue.ring().publish()) {
      EventFd.signal(queue.events().kick().number());
    }
  }

  /** Whether a feature was negotiated. */
  public boolean has(long feature) {
    return device.has(feature);
  }

  /**
   * Stops all queues: the device finishes what it has and lets go of the rings.
   *
   * @throws InitiatorException PROTOCOL when a queue stops elsewhere than at its available index
   */
  public void stop() throws InitiatorException {
    device.stop();
  }

  /** Stops the queues, then closes connection and memory. */
  @Override
  public void close() {
    device.close();
  }
}
