package io.millrace.simulation;

import io.millrace.linux.Errno;
import java.util.Collections;
import java.util.Random;
import java.util.function.IntConsumer;

/**
 * A kernel that outlives the servers on it: how long calls take, in which order their sectors are
 * done, and what fails, by a seed.
 */
final class Kernel {
  private static final long USUAL_NANOS = 100_000;
  private static final long LONG_NANOS = 1_000_000;
  private static final long HANG_NANOS = 3_000_000_000L;

  final Disk disk;
  final Random random;
  private final Setup setup;
  private final Runnable event;
  private long now;
  private long count; // of submissions and completions
  private boolean unseenFailure; // of a sync: the next one reports it
  private boolean calm;
  private KernelProcess process;

  /**
   * A kernel.
   *
   * @param event runs before each step of the way through the kernel
   */
  Kernel(Setup setup, Runnable event) {
    this.setup = setup;
    this.event = event;
    disk = new Disk(setup.sectors());
    random = new Random(setup.seed());
  }

  /** A server has started. */
  KernelProcess newProcess(IntConsumer writeSubmitted) {
    process = new KernelProcess(this, writeSubmitted);
    return process;
  }

  /** Nothing fails from now on, or things do again. */
  void calm(boolean value) {
    calm = value;
  }

  /** Whatever is not durable may be gone. */
  void losePower() {
    unseenFailure = false;
    disk.losePower(random);
  }

  /** It is that time: goes on with the calls. */
  void advance(long nowNanos) {
    now = nowNanos;
    process.advance(now);
  }

  void event() {
    event.run();
  }

  long nextCount() {
    return ++count;
  }

  boolean hasNoRoomNow() {
    return !calm && random.nextInt(20) == 0;
  }

  /** Decides what becomes of a call. */
  void begin(KernelCall call) {
    call.submitted = nextCount();
    boolean slow = random.nextInt(8) == 0;
    call.dueNanos = now + 1 + (long) (random.nextDouble() * (slow ? LONG_NANOS : USUAL_NANOS));
    if (!calm && setup.hangs() && random.nextInt(20) == 0) {
      call.dueNanos = now + HANG_NANOS;
    }
    boolean transfers = call.kind == KernelCall.Kind.READ || call.kind == KernelCall.Kind.WRITE;
    int done = call.sectors;
    if (transfers && done > 1 && random.nextInt(8) == 0) {
      done = 1 + random.nextInt(done - 1);
    }
    call.result = transfers ? done * Sector.BYTES : 0;
    if (setup.direct() && transfers && done < call.sectors) {
      call.result += random.nextInt(Sector.BYTES); // goes on at a block only
    }
    if (call.kind == KernelCall.Kind.READ || call.writes()) {
      for (int i = 0; i < done; i++) {
        call.left.add(call.firstSector + i);
      }
      Collections.shuffle(call.left, random);
    }
    if (call.kind == KernelCall.Kind.READ) {
      call.spoil();
    }
    Errno failure = failure(call);
    if (failure != null) {
      fail(call, failure);
    }
  }

  private Errno failure(KernelCall call) {
    if (call.zeroesRange() && setup.noZeroRange()) {
      return Errno.EOPNOTSUPP;
    }
    if (calm) {
      return null;
    }
    boolean sync = call.kind == KernelCall.Kind.SYNC;
    if ((sync || call.isDurable()) && setup.syncFails() && random.nextInt(8) == 0) {
      return Errno.EIO;
    }
    if (random.nextInt(100) >= setup.faultPercent()) {
      return null;
    }
    return switch (random.nextInt(4)) {
      case 0 -> Errno.EINTR;
      case 1 -> Errno.EAGAIN;
      case 2 -> call.writes() ? Errno.ENOSPC : Errno.EINTR;
      default -> sync || call.isDurable() ? Errno.EAGAIN : Errno.EIO;
    };
  }

  /** What failed may have been done in part: where the storage did, not where nothing began. */
  private void fail(KernelCall call, Errno failure) {
    call.result = -failure.number();
    if (failure == Errno.EIO) {
      call.left.removeIf(sector -> random.nextBoolean());
    } else {
      call.left.clear();
    }
  }

  /** A call has returned: what that means for the disk. */
  void end(KernelCall call) {
    call.completed = nextCount();
    if (call.kind == KernelCall.Kind.SYNC && unseenFailure) {
      unseenFailure = false; // whichever ends first is told
      call.result = -Errno.EIO.number();
    }
    if (call.kind == KernelCall.Kind.SYNC && call.result == 0) {
      if (!setup.lies()) {
        disk.sync(call);
      }
    } else if (call.kind == KernelCall.Kind.SYNC && isLoss(call)) {
      disk.lose(random);
    } else if (call.isDurable() && call.result > 0) {
      call.written.forEach(disk::persist);
    } else if (call.isDurable() && isLoss(call)) {
      Disk.lose(call.written);
    }
  }

  static boolean isLoss(KernelCall call) {
    return call.result == -Errno.EIO.number()
        && (call.kind == KernelCall.Kind.SYNC || call.isDurable());
  }

  /** A failure that its process did not live to see. */
  void unseen(KernelCall call) {
    unseenFailure |= isLoss(call);
  }
}
