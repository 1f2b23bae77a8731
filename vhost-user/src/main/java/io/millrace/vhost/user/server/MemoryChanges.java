package io.millrace.vhost.user.server;

import io.millrace.linux.FileDescriptor;
import io.millrace.reactor.Reactor;
import io.millrace.reactor.Timer;
import io.millrace.vhost.user.MemoryRegion;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What SET_MEM_TABLE, ADD_MEM_REG and REM_MEM_REG do while rings run ("Front-end message types" in
 * vhost-user.rst). Control thread; one change at a time.
 *
 * <p>Rings get the new map at once and go on. Memory that came is answered for when all have it;
 * memory that went, when nothing in flight points into it any more, and nobody waits for anything
 * else. Storage that hangs ends the waiting: first what points there is cancelled, then the session
 * ends. To refuse the message instead would be worse: QEMU then keeps the region in its own table,
 * takes other memory that comes to the same addresses for it, and we would write to the old.
 */
final class MemoryChanges {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryChanges.class);

  /**
   * QEMU waits for the answer with its guest standing still. The guest's kernel complains of a
   * processor that stands still for 20 s; half of that is the most that a change takes.
   */
  private static final long CANCEL_AFTER_NANOS = TimeUnit.SECONDS.toNanos(8);

  private static final long GIVE_UP_AFTER_NANOS = TimeUnit.SECONDS.toNanos(2); // behind the cancel

  private final Session session;
  private final Reactor control;
  private final SharedMemory memory;
  private final SessionRings rings;

  MemoryChanges(Session session, Reactor control, SharedMemory memory, SessionRings rings) {
    this.session = session;
    this.control = control;
    this.memory = memory;
    this.rings = rings;
  }

  /**
   * SET_MEM_TABLE.
   *
   * @param files one for each region; belong to this from now on
   * @param done runs when only the new table is used
   */
  void replace(List<MemoryRegion> table, List<FileDescriptor> files, Runnable done)
      throws SessionException {
    new Removal(memory.replace(table, files), done).begin();
  }

  /**
   * ADD_MEM_REG: waits for nothing in flight.
   *
   * @param file belongs to this from now on
   * @param done runs when all rings know the region
   */
  void add(MemoryRegion region, FileDescriptor file, Runnable done) throws SessionException {
    memory.add(region, file);
    rings.relocateAll(GoingMemory.NONE, done);
  }

  /**
   * REM_MEM_REG.
   *
   * @param done runs when the region is unmapped
   */
  void remove(MemoryRegion region, Runnable done) throws SessionException {
    new Removal(memory.remove(region), done).begin();
  }

  /** Waits until memory is free to go, and not for ever. */
  private final class Removal {
    private final SharedMemory.Change change;
    private final Runnable done;
    private @Nullable Timer deadline;
    private boolean drained;

    Removal(SharedMemory.Change change, Runnable done) {
      this.change = change;
      this.done = done;
    }

    void begin() {
      rings.relocateAll(change.going(), this::drained);
      if (!drained) {
        deadline = control.schedule(CANCEL_AFTER_NANOS, this::cancel);
      }
    }

    private void drained() {
      drained = true;
      if (deadline != null) {
        deadline.cancel();
      }
      change.finish();
      done.run();
    }

    private void cancel() {
      if (session.isClosed()) {
        return; // and has cancelled everything
      }
      LOG.warn(
          "{}: {} cannot go: {} request(s) that point into it are with their storage for {} s"
              + " and are cancelled",
          session,
          change,
          rings.marked(),
          TimeUnit.NANOSECONDS.toSeconds(CANCEL_AFTER_NANOS));
      rings.cancelMarked();
      deadline = control.schedule(GIVE_UP_AFTER_NANOS, this::giveUp);
    }

    /** The kernel may still write there: the memory stays until what hangs is given back. */
    private void giveUp() {
      session.fail(
          "%s cannot go: %d request(s) that point into it hang, and their storage does not give them back"
              .formatted(change, rings.marked()));
    }
  }
}
