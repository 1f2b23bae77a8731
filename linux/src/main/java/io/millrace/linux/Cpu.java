package io.millrace.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The calling thread, all threads of the process, and the processors. */
public final class Cpu {
  static final int CLOCK_THREAD_CPUTIME_ID = 3;

  private static final int MASK_BYTES =
      Syscall.SCRATCH_BYTES; // 8,192 processors, the kernel's own limit
  private static final int CALLING_THREAD = 0;
  static final int PRIO_PROCESS = 0;
  private static final int NICEST = 19;

  /** What the kernel says of a nice value of 0: it returns nothing negative but errors. */
  private static final int GETPRIORITY_OF_0 = 20;

  private static final Path TASKS = Path.of("/proc/self/task");

  /** Of one thread. */
  private interface ThreadChange {
    void make() throws LinuxException;
  }

  private Cpu() {}

  /** The processors the calling thread may run on. */
  public static BitSet affinity() throws LinuxException {
    return affinity(CALLING_THREAD);
  }

  private static BitSet affinity(int thread) throws LinuxException {
    long mask = Syscall.scratch();
    long bytes = Syscall.call(Syscall.SCHED_GETAFFINITY, thread, MASK_BYTES, mask);
    LinuxException.check(bytes, "get affinity of", "thread");
    byte[] bits = new byte[(int) bytes];
    RawMemory.get(mask, bits, 0, bits.length);
    return BitSet.valueOf(bits);
  }

  /**
   * Lets the calling platform thread run on processor {@code cpu} only. EINVAL when that is offline
   * or forbidden.
   */
  public static void pinCurrentThread(int cpu) throws LinuxException {
    if (cpu < 0 || cpu >= MASK_BYTES * 8) {
      throw new LinuxException("pin thread to cpu " + cpu, Errno.EINVAL.number());
    }
    BitSet one = new BitSet();
    one.set(cpu);
    LinuxException.check(setAffinity(CALLING_THREAD, one), "pin thread to cpu", cpu);
  }

  private static long setAffinity(int thread, BitSet cpus) {
    long mask = Syscall.scratch();
    RawMemory.fill(mask, MASK_BYTES, (byte) 0);
    byte[] bits = cpus.toByteArray();
    RawMemory.put(bits, 0, bits.length, mask);
    return Syscall.call(Syscall.SCHED_SETAFFINITY, thread, MASK_BYTES, mask);
  }

  /**
   * Takes these processors from every thread of the process that may run on others too: from those
   * of the JVM, and whatever they start from now on. A thread that is pinned to one of them stays.
   */
  public static void leaveToPinned(BitSet cpus) throws LinuxException {
    Set<String> moved = new HashSet<>();
    boolean isNew;
    do { // a thread that was not moved yet may start another
      isNew = false;
      for (String thread : threads()) {
        if (moved.add(thread)) {
          isNew = true;
          leaveToPinned(Integer.parseInt(thread), cpus);
        }
      }
    } while (isNew);
  }

  private static void leaveToPinned(int thread, BitSet cpus) throws LinuxException {
    unlessEnded(() -> {
      BitSet rest = affinity(thread);
      boolean affected = rest.intersects(cpus);
      rest.andNot(cpus);
      if (affected && !rest.isEmpty()) {
        LinuxException.check(setAffinity(thread, rest), "keep thread on cpus", rest);
      }
    });
  }

  /** Changes something of a thread, which may have ended since it was found. */
  private static void unlessEnded(ThreadChange change) throws LinuxException {
    try {
      change.make();
    } catch (LinuxException e) {
      if (e.errno() != Errno.ESRCH) {
        throw e;
      }
    }
  }

  private static List<String> threads() throws LinuxException {
    try (Stream<Path> tasks = Files.list(TASKS)) {
      return tasks.map(task -> task.getFileName().toString()).toList();
    } catch (IOException | UncheckedIOException e) {
      throw new LinuxException("list the threads in " + TASKS, Errno.EIO.number());
    }
  }

  /**
   * Has a thread of the process give way to others: where it shares a core with a thread of the
   * usual priority that has as much to do, it gets less. What it starts does the same. It cannot be
   * taken back without a privilege.
   *
   * @param thread its {@link #threadId}; one that has ended is no error
   * @param nicer by how much its nice value rises, a fifth less of a core each (sched(7)); at 19 it
   *     ends
   * @throws LinuxException EPERM
   */
  public static void giveWay(int thread, int nicer) throws LinuxException {
    unlessEnded(() -> {
      long now = Syscall.call(Syscall.GETPRIORITY, PRIO_PROCESS, thread);
      LinuxException.check(now, "get the priority of thread", thread);
      long nice = Math.min(NICEST, GETPRIORITY_OF_0 - now + nicer);
      long result = Syscall.call(Syscall.SETPRIORITY, PRIO_PROCESS, thread, nice);
      LinuxException.check(result, "set the priority of thread", thread);
    });
  }

  /**
   * As {@link #giveWay}, all threads that the JVM compiles with.
   *
   * @throws LinuxException EPERM; or the threads cannot be listed
   */
  public static void niceCompilers(int nicer) throws LinuxException {
    for (String thread : threads()) {
      if (compiles(thread)) {
        giveWay(Integer.parseInt(thread), nicer);
      }
    }
  }

  private static boolean compiles(String thread) {
    try {
      String name = Files.readString(TASKS.resolve(thread).resolve("comm"));
      return name.startsWith("C1 Compiler") || name.startsWith("C2 Compiler");
    } catch (IOException e) {
      return false; // it ended
    }
  }

  /**
   * Lets the calling platform thread run wherever the process's first thread may, not only where
   * the one did that started it.
   */
  public static void followFirstThread() throws LinuxException {
    BitSet cpus = affinity((int) Syscall.call(Syscall.GETPID));
    LinuxException.check(setAffinity(CALLING_THREAD, cpus), "keep thread on cpus", cpus);
  }

  /** The kernel's id of the calling thread, as {@code top -H} shows it. */
  public static int threadId() {
    return (int) Syscall.call(Syscall.GETTID);
  }

  /** Processor time the calling thread has used, in nanoseconds. A system call: about 300 ns. */
  public static long threadCpuNanos() {
    long time = Syscall.scratch();
    Syscall.call(Syscall.CLOCK_GETTIME, CLOCK_THREAD_CPUTIME_ID, time);
    return RawMemory.getLong(time) * 1_000_000_000L + RawMemory.getLong(time + 8);
  }
}
