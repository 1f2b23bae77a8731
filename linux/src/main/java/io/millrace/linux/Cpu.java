package io.millrace.linux;

import java.util.BitSet;

/** The calling thread and the processors. */
public final class Cpu {
  static final int CLOCK_THREAD_CPUTIME_ID = 3;

  private static final int MASK_BYTES =
      Syscall.SCRATCH_BYTES; // 8,192 processors, the kernel's own limit
  private static final int CALLING_THREAD = 0;

  private Cpu() {}

  /** The processors the calling thread may run on. */
  public static BitSet affinity() throws LinuxException {
    long mask = Syscall.scratch();
    long bytes = Syscall.call(Syscall.SCHED_GETAFFINITY, CALLING_THREAD, MASK_BYTES, mask);
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
    long mask = Syscall.scratch();
    RawMemory.fill(mask, MASK_BYTES, (byte) 0);
    RawMemory.putByte(mask + cpu / 8, (byte) (1 << cpu % 8));
    long result = Syscall.call(Syscall.SCHED_SETAFFINITY, CALLING_THREAD, MASK_BYTES, mask);
    LinuxException.check(result, "pin thread to cpu", cpu);
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
