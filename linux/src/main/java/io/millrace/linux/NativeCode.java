package io.millrace.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.HexFormat;

/**
 * Machine code of our own, a page of it, and the handles that call it: what neither Java nor a C
 * library has the way we need it. By the calling convention of C (System V ABI, AMD64 supplement,
 * A.2). glibc is called twice, to make the page.
 */
final class NativeCode {
  /**
   * A system call: the seven arguments go where the kernel wants them, its result stays where a
   * caller looks for it.
   */
  private static final String SYSTEM_CALL =
      "f30f1efa" // endbr64
          + "4889f8" // mov %rdi, %rax
          + "4889f7" // mov %rsi, %rdi
          + "4889d6" // mov %rdx, %rsi
          + "4889ca" // mov %rcx, %rdx
          + "4d89c2" // mov %r8, %r10
          + "4d89c8" // mov %r9, %r8
          + "4c8b4c2408" // mov 8(%rsp), %r9
          + "0f05" // syscall
          + "c3"; // ret

  /** Asks for three lines to store to them; a processor that cannot does nothing. */
  private static final String PREFETCH_FOR_STORES =
      "f30f1efa" // endbr64
          + "0f0d0f" // prefetchw (%rdi)
          + "0f0d0e" // prefetchw (%rsi)
          + "0f0d0a" // prefetchw (%rdx)
          + "c3"; // ret

  private static final byte[] CODE = HexFormat.of().parseHex(SYSTEM_CALL + PREFETCH_FOR_STORES);
  private static final long PAGE_BYTES = 4096;
  private static final int HEX_DIGITS_A_BYTE = 2;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final long PAGE = load();

  private NativeCode() {}

  /** Calls the kernel with a number and six arguments. */
  static MethodHandle systemCall() {
    return linkSystemCall(MemorySegment.ofAddress(PAGE));
  }

  /**
   * Takes three addresses, any ones. The thread does not leave Java for it: it is done in less time
   * than that would take.
   */
  @SuppressWarnings("restricted")
  static MethodHandle prefetchForStores() {
    return LINKER.downcallHandle(
        MemorySegment.ofAddress(PAGE + SYSTEM_CALL.length() / HEX_DIGITS_A_BYTE),
        FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_LONG),
        Linker.Option.critical(false));
  }

  /**
   * Puts {@link #CODE} where it can be run. What forbids that forbids the JVM its own compiler,
   * too.
   */
  private static long load() {
    String machine = System.getProperty("os.arch");
    if (!"amd64".equals(machine)) {
      throw new IllegalStateException(
          "this needs a processor of x86-64, and " + machine + " is none");
    }
    MethodHandle libc = linkSystemCall(LINKER.defaultLookup().findOrThrow("syscall"));
    long flags = Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS;
    long writable = Mapping.PROT_READ | Mapping.PROT_WRITE;
    long runnable = Mapping.PROT_READ | Mapping.PROT_EXEC;
    try {
      long page =
          (long) libc.invokeExact((long) Syscall.MMAP, 0L, PAGE_BYTES, writable, flags, -1L, 0L);
      if (page == -1) {
        throw new IllegalStateException("no memory for the code of system calls");
      }
      RawMemory.put(CODE, 0, CODE.length, page);
      long result =
          (long) libc.invokeExact((long) Syscall.MPROTECT, page, PAGE_BYTES, runnable, 0L, 0L, 0L);
      if (result != 0) {
        throw new IllegalStateException(
            "code of system calls cannot be run; allow executable memory to this process");
      }
      return page;
    } catch (Throwable t) {
      throw Syscall.sneaky(t);
    }
  }

  /** A function of this one type: what the first one takes to link, the second need not again. */
  @SuppressWarnings("restricted")
  private static MethodHandle linkSystemCall(MemorySegment function) {
    FunctionDescriptor type =
        FunctionDescriptor.of(
            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    return LINKER.downcallHandle(function, type, Linker.Option.firstVariadicArg(1));
  }
}
