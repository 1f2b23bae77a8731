package io.millrace.initiator;

import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.EventFd;
import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.DriverRing;
import io.millrace.virtqueue.UsedHandler;
import java.util.Arrays;

/**
 * Block requests on one queue (virtio 1.3 §5.2.6). Data-path code: one thread, no allocation after
 * construction, nothing thrown.
 *
 * <p>A request's chain stays built when it is done, so that the next one of the same direction and
 * buffer only fills in type and sector: a load generator must not be what is measured.
 */
public final class BlkQueue {
  /** Bytes of guest memory for each request beside its data: header and status, a line each. */
  static final int CONTROL_BYTES = 128;

  private static final int STATUS = 64;
  private static final int HEADER_BYTES = 16;
  private static final int NO_CHAIN = DriverRing.NONE;
  private static final int REAP_BATCH = 32;

  private final GuestMemory memory;
  private final DriverRing ring;
  private final FrontendQueue events;
  private final long control;
  private final boolean poisonStatus;
  private final UsedHandler usedHandler = this::used;

  private final int[] chains; // by slot: head of its chain or NO_CHAIN
  private final int[] slots; // by head
  private final long[] tokens; // by slot
  private final long[] chainAddress; // by slot: what its chain was built for
  private final int[] chainBytes;
  private final boolean[] chainWritable;
  private final int[] freeSlots;
  private int freeCount;

  private BlkCompletion completion = (token, status, bytes) -> {};

  /**
   * Makes the requests of a started queue.
   *
   * @param memory holds ring, control blocks and data
   * @param ring the queue's
   * @param events its descriptors
   * @param control host address of {@code depth} times {@link #CONTROL_BYTES}, aligned to 64
   * @param depth most requests at once
   * @param poisonStatus whether to see when the device does not write a status
   */
  BlkQueue(
      GuestMemory memory,
      DriverRing ring,
      FrontendQueue events,
      long control,
      int depth,
      boolean poisonStatus) {
    this.memory = memory;
    this.ring = ring;
    this.events = events;
    this.control = control;
    this.poisonStatus = poisonStatus;
    chains = new int[depth];
    Arrays.fill(chains, NO_CHAIN);
    slots = new int[ring.size()];
    tokens = new long[depth];
    chainAddress = new long[depth];
    chainBytes = new int[depth];
    chainWritable = new boolean[depth];
    freeSlots = new int[depth];
    for (int i = 0; i < depth; i++) {
      freeSlots[i] = depth - 1 - i;
    }
    freeCount = depth;
  }

  /** Most requests at once. */
  public int depth() {
    return chains.length;
  }

  /** Requests with the device. */
  public int inFlightCount() {
    return chains.length - freeCount;
  }

  /** The queue's ring. */
  public DriverRing ring() {
    return ring;
  }

  /** The queue's event descriptors. */
  public FrontendQueue events() {
    return events;
  }

  /**
   * Submits a request with one data buffer, or none; the device sees it after {@link #kick}.
   *
   * @param type of {@link VirtioBlk}
   * @param sector first sector of 512 bytes
   * @param address host address of the data in shared memory; anything when {@code bytes} is 0
   * @param bytes of data
   * @param token comes back with the completion
   * @return false when {@link #depth} requests are with the device or the ring is full
   */
  public boolean submit(int type, long sector, long address, int bytes, long token) {
    if (freeCount == 0) {
      return false;
    }
    int slot = freeSlots[freeCount - 1];
    boolean writable = VirtioBlk.deviceWrites(type);
    boolean asBuilt =
        chains[slot] != NO_CHAIN
            && chainAddress[slot] == address
            && chainBytes[slot] == bytes
            && chainWritable[slot] == writable;
    if (!asBuilt && !build(slot, address, bytes, writable)) {
      return false;
    }
    start(slot, type, sector, token);
    return true;
  }

  /**
   * Submits a request whose data is in several buffers.
   *
   * @param addresses host addresses of the buffers in shared memory
   * @param bytes their lengths
   * @param count how many of them, 1 or more
   * @return as {@link #submit}
   */
  public boolean submitGathered(
      int type, long sector, long[] addresses, int[] bytes, int count, long token) {
    if (freeCount == 0) {
      return false;
    }
    int slot = freeSlots[freeCount - 1];
    int head = begin(slot, count + 2);
    if (head == NO_CHAIN) {
      return false;
    }
    long header = control + (long) slot * CONTROL_BYTES;
    boolean writable = VirtioBlk.deviceWrites(type);
    ring.add(memory.guest(header), HEADER_BYTES, false);
    for (int i = 0; i < count; i++) {
      ring.add(memory.guest(addresses[i]), bytes[i], writable);
    }
    ring.add(memory.guest(header + STATUS), 1, true);
    chainBytes[slot] = -1; // matches no later request
    start(slot, type, sector, token);
    return true;
  }

  private boolean build(int slot, long address, int bytes, boolean writable) {
    int head = begin(slot, bytes == 0 ? 2 : 3);
    if (head == NO_CHAIN) {
      return false;
    }
    long header = control + (long) slot * CONTROL_BYTES;
    ring.add(memory.guest(header), HEADER_BYTES, false);
    if (bytes != 0) {
      ring.add(memory.guest(address), bytes, writable);
    }
    ring.add(memory.guest(header + STATUS), 1, true);
    chainAddress[slot] = address;
    chainBytes[slot] = bytes;
    chainWritable[slot] = writable;
    return true;
  }

  /** A chain for a slot in place of its old one; chains of idle slots give way to it. */
  private int begin(int slot, int buffers) {
    release(slot);
    int head = ring.begin(buffers);
    for (int i = 0; head == NO_CHAIN && i < freeCount; i++) {
      release(freeSlots[i]);
      head = ring.begin(buffers);
    }
    if (head != NO_CHAIN) {
      chains[slot] = head;
      slots[head] = slot;
    }
    return head;
  }

  private void release(int slot) {
    if (chains[slot] != NO_CHAIN) {
      ring.free(chains[slot]);
      chains[slot] = NO_CHAIN;
    }
  }

  private void start(int slot, int type, long sector, long token) {
    freeCount--;
    tokens[slot] = token;
    long header = control + (long) slot * CONTROL_BYTES;
    RawMemory.putLong(header, Integer.toUnsignedLong(type)); // and the reserved field
    RawMemory.putLong(header + 8, sector);
    if (poisonStatus) {
      RawMemory.putByte(header + STATUS, (byte) VirtioBlk.S_NOT_WRITTEN);
    }
    ring.offer(chains[slot]);
  }

  /** Shows the device what was submitted, and wakes it if it wants that. */
  public void kick() {
    if (ring.publish()) {
      EventFd.signal(events.kick().number());
    }
  }

  /**
   * Takes completions; those of requests that are done.
   *
   * @param handler called for each, may submit
   * @return how many there were
   */
  public int poll(BlkCompletion handler) {
    completion = handler;
    return ring.reap(usedHandler, REAP_BATCH);
  }

  private void used(int head, long writtenBytes) {
    int slot = slots[head];
    long header = control + (long) slot * CONTROL_BYTES;
    int status = RawMemory.getByte(header + STATUS) & 0xff;
    freeSlots[freeCount++] = slot;
    completion.completed(tokens[slot], status, writtenBytes);
  }

  /**
   * Sleeps until the device calls, if it has nothing for us yet.
   *
   * @param timeoutMillis most to sleep
   * @return true when {@link #poll} may find something
   * @throws LinuxException when the call descriptor cannot be waited for
   */
  public boolean sleep(int timeoutMillis) throws LinuxException {
    if (!ring.enableCalls()) {
      return true;
    }
    int call = events.call().number();
    boolean called = DescriptorPassing.await(call, false, timeoutMillis);
    EventFd.drain(call);
    ring.disableCalls();
    return called || ring.hasUsed();
  }

  /** Whether the device returned what it never got: nothing completes any more. */
  public boolean isBroken() {
    return ring.isBroken();
  }
}
