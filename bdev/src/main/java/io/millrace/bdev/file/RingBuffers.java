package io.millrace.bdev.file;

import io.millrace.bdev.file.DiskMemory.Refusal;
import io.millrace.linux.Errno;
import io.millrace.linux.IoUringResources;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.reactor.Alarm;
import io.millrace.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The table of buffers of one ring, and the work that fills and empties it. The kernel lets only
 * the ring's thread do that, which has disks to serve: so it is done in small steps with pauses
 * between them, for all disks of the ring in turn.
 *
 * <p>Pages are made resident a few at a time before they are registered, as that would otherwise
 * fault in a whole buffer in one call. Control plane, on the reactor's thread.
 */
final class RingBuffers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RingBuffers.class);

  /** Bytes made resident in one step: under a millisecond of clearing pages. */
  private static final long STEP_BYTES = 2 << 20;

  /** Between two steps, so that they take the thread less than half of its time. */
  private static final long PAUSE_NANOS = 1_000_000;

  private record Job(RegisteredMemory memory, RegisteredRange range) {}

  private final Reactor reactor;
  private final IoUringResources resources;
  private final Alarm alarm;
  private final BitSet taken = new BitSet(); // slots that hold something
  private final BitSet leaving = new BitSet(); // those of them that are to be emptied
  private final Deque<Job> jobs = new ArrayDeque<>();
  private boolean hasTable;

  RingBuffers(Reactor reactor, IoUringResources resources) {
    this.reactor = reactor;
    this.resources = resources;
    alarm = reactor.alarm(this::step);
  }

  /** Begins to register a range: each of its buffers is used as soon as it is there. */
  void register(RegisteredMemory memory, RegisteredRange range) {
    jobs.add(new Job(memory, range));
    wake();
  }

  /**
   * Lets go of a range that nobody looks up any more. Its memory may be unmapped already: the
   * kernel holds pages, not addresses, until the slot is emptied.
   */
  void release(RegisteredRange range) {
    jobs.removeIf(job -> job.range == range);
    for (int i = 0; i < range.slotCount(); i++) {
      leaving.set(range.slot(i));
    }
    wake();
  }

  private void wake() {
    if (!alarm.isSet() && !(jobs.isEmpty() && leaving.isEmpty())) {
      alarm.set(reactor.nanoTime() + PAUSE_NANOS);
    }
  }

  private void step() {
    int slot = leaving.nextSetBit(0);
    if (slot >= 0) {
      empty(slot);
    } else {
      Job job = jobs.poll(); // null when the last has just been called off
      if (job != null && advance(job)) {
        jobs.add(job); // the next one's turn
      }
    }
    wake();
  }

  private void empty(int slot) {
    leaving.clear(slot);
    try {
      resources.removeBuffer(slot);
      taken.clear(slot);
    } catch (LinuxException e) {
      LOG.error(
          "{}: its memory stays pinned until the ring ends: {}", reactor.name(), e.getMessage());
    }
  }

  /** One step for a range; false when that was the last. */
  private boolean advance(Job job) {
    RegisteredRange range = job.range;
    DiskMemory disk = job.memory.disk();
    Refusal refusal = Refusal.KERNEL;
    try {
      makeTable();
      refusal = Refusal.MEMORY;
      long end = range.registeredBytes() + range.nextBytes();
      if (range.residentBytes < end) {
        makeResident(range, end);
        return true;
      }
      int slot = taken.nextClearBit(0);
      if (slot >= IoUringResources.MAX_BUFFERS) {
        disk.refused(Refusal.TOO_MUCH, range.bytes + " bytes");
        return false;
      }
      long bytes = range.nextBytes();
      refusal = Refusal.LIMIT;
      resources.updateBuffer(slot, range.address + range.registeredBytes(), bytes);
      taken.set(slot);
      range.registered(slot);
      disk.registered(bytes);
      return !range.isComplete();
    } catch (LinuxException e) {
      boolean limit = refusal == Refusal.LIMIT && e.errno() == Errno.ENOMEM;
      disk.refused(refusal == Refusal.LIMIT && !limit ? Refusal.MEMORY : refusal, e.getMessage());
      return false;
    }
  }

  private void makeTable() throws LinuxException {
    if (!hasTable) {
      resources.registerBuffersSparse(IoUringResources.MAX_BUFFERS);
      hasTable = true;
    }
  }

  private static void makeResident(RegisteredRange range, long end) throws LinuxException {
    long from = range.address + range.residentBytes;
    long bytes = Math.min(end - range.residentBytes, STEP_BYTES);
    int result = Mapping.populate(from, bytes);
    if (result < 0) {
      throw new LinuxException("madvise of " + bytes + " bytes of its memory", -result);
    }
    range.residentBytes += bytes;
  }

  /** No step comes any more; the ring, which ends, lets go of what is registered. */
  @Override
  public void close() {
    alarm.clear();
  }
}
