package io.millrace.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The one place that touches raw addresses. Addresses are plain longs, checked by whoever got them
 * from outside; a wrong one kills the process.
 *
 * <p>Plain access may be unaligned (then a load is not one access but several) and promises no
 * order. Acquire and release access must be naturally aligned, else {@link
 * IllegalArgumentException}. Byte order is the machine's. Nothing here allocates but {@link #fill}
 * and {@link #segment}; any thread may call it.
 *
 * <p>A program started with {@code --add-exports java.base/jdk.internal.misc=io.millrace.linux}, or
 * {@code =ALL-UNNAMED} where this is on the class path, as the launcher of the distribution does,
 * is compiled in half the time, and is some percent faster from then on.
 *
 * <p><b>Faults.</b> Memory that another process shared can be truncated under us. An access beyond
 * the new end then reads garbage or writes nothing, and an {@link InternalError} ("a fault occurred
 * in an unsafe memory access operation") comes at that access, or later, but on the same thread and
 * at the next {@link #surfaceFault} at the latest. This holds for the methods of this class only:
 * HotSpot survives a fault by decoding the machine instruction it has to step over, and aborts the
 * process at one that it does not know. The methods here are shaped such that the compilers emit
 * known ones; access to shared memory through a segment, even {@link #segment}, is not.
 */
public final class RawMemory {
  /**
   * Whether the JVM lets this module have the accesses that the foreign memory interface itself is
   * made of. The compiler does the same with either in the end, but an access through a segment is
   * 650 nodes on its way there, and one of these 20.
   */
  private static final boolean HOTSPOT =
      Object.class.getModule().isExported("jdk.internal.misc", RawMemory.class.getModule());

  private static final MemorySegment ALL = everything();
  private static final VarHandle BYTE = JAVA_BYTE.varHandle();
  private static final VarHandle SHORT = JAVA_SHORT.varHandle();
  private static final VarHandle INT = JAVA_INT.varHandle();
  private static final VarHandle LONG = JAVA_LONG.varHandle();
  private static final VarHandle LONG_OF_ARRAY =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  /**
   * Always 0, which the compiler must not know: {@code load ^ zero} keeps it from folding a load
   * into an instruction that uses the value. HotSpot steps over a faulting access by decoding the
   * instruction, and kills the process at one it cannot decode: {@code movslq mem} and {@code testb
   * mem} among those C2 makes. {@code FaultTest} looks for more.
   */
  @SuppressWarnings("FieldMayBeFinal")
  private static int zero;

  /** As many turns of a loop as it has bits, which the compiler must not know either. */
  @SuppressWarnings("FieldMayBeFinal")
  private static int turns = 3;

  /**
   * Bits that an address of a process may have: 56 on x86 with five levels of page tables. The
   * compiler sees then that an access is within {@link #ALL}, and makes no check of it.
   */
  private static final long ADDRESS_BITS = (1L << 57) - 1;

  private RawMemory() {}

  private static long within(long address) {
    return address & ADDRESS_BITS;
  }

  /**
   * The same address, for several accesses near it: the compiler sees that those are within {@link
   * #ALL} too, and does not even mask. A check of each was two thirds of the instructions that
   * store a response of SCSI.
   */
  public static long base(long address) {
    return HOTSPOT ? address : address & ADDRESS_BITS >>> 1;
  }

  public static byte getByte(long address) {
    return (byte)
        ((HOTSPOT ? HotSpotMemory.getByte(address) : (byte) BYTE.getAcquire(ALL, within(address)))
            ^ zero);
  }

  // At most 35 bytes of bytecode each, the slow way apart: what is larger is inlined only where the
  // compiler knows already that it is hot, and stayed a call in the ring's loop.

  public static short getShort(long address) {
    if ((address & (Short.BYTES - 1)) == 0) {
      return getShortAcquire(address);
    }
    return shortOfBytes(address);
  }

  public static int getInt(long address) {
    if ((address & (Integer.BYTES - 1)) == 0) {
      return getIntAcquire(address);
    }
    return intOfShorts(address);
  }

  public static long getLong(long address) {
    if ((address & (Long.BYTES - 1)) == 0) {
      return getLongAcquire(address);
    }
    return longOfInts(address);
  }

  private static short shortOfBytes(long address) {
    return (short) ((getByte(address) & 0xff) | (getByte(address + 1) << 8));
  }

  private static int intOfShorts(long address) {
    return (getShort(address) & 0xffff) | (getShort(address + 2) << 16);
  }

  private static long longOfInts(long address) {
    return Integer.toUnsignedLong(getInt(address)) | ((long) getInt(address + 4) << 32);
  }

  public static void putByte(long address, byte value) {
    if (HOTSPOT) {
      HotSpotMemory.putByte(address, value);
    } else {
      ALL.set(JAVA_BYTE, within(address), value);
    }
  }

  public static void putShort(long address, short value) {
    if (HOTSPOT) {
      HotSpotMemory.putShort(address, value);
    } else {
      ALL.set(JAVA_SHORT_UNALIGNED, within(address), value);
    }
  }

  public static void putInt(long address, int value) {
    if (HOTSPOT) {
      HotSpotMemory.putInt(address, value);
    } else {
      ALL.set(JAVA_INT_UNALIGNED, within(address), value);
    }
  }

  public static void putLong(long address, long value) {
    if (HOTSPOT) {
      HotSpotMemory.putLong(address, value);
    } else {
      ALL.set(JAVA_LONG_UNALIGNED, within(address), value);
    }
  }

  /** Loads before everything that follows on this thread. */
  public static short getShortAcquire(long address) {
    return HOTSPOT
        ? HotSpotMemory.getAlignedShort(address)
        : (short) SHORT.getAcquire(ALL, within(address));
  }

  /** Loads before everything that follows on this thread. */
  public static int getIntAcquire(long address) {
    return (HOTSPOT
            ? HotSpotMemory.getAlignedInt(address)
            : (int) INT.getAcquire(ALL, within(address)))
        ^ zero;
  }

  /** Loads before everything that follows on this thread. */
  public static long getLongAcquire(long address) {
    return HOTSPOT
        ? HotSpotMemory.getAlignedLong(address)
        : (long) LONG.getAcquire(ALL, within(address));
  }

  /** Stores after everything that came before on this thread. */
  public static void putShortRelease(long address, short value) {
    VarHandle.releaseFence();
    if (HOTSPOT) {
      HotSpotMemory.putAlignedShort(address, value);
    } else {
      SHORT.set(ALL, within(address), value);
    }
  }

  /** Stores after everything that came before on this thread. */
  public static void putIntRelease(long address, int value) {
    VarHandle.releaseFence();
    if (HOTSPOT) {
      HotSpotMemory.putAlignedInt(address, value);
    } else {
      INT.set(ALL, within(address), value);
    }
  }

  /** Stores after everything that came before on this thread. */
  public static void putLongRelease(long address, long value) {
    VarHandle.releaseFence();
    if (HOTSPOT) {
      HotSpotMemory.putAlignedLong(address, value);
    } else {
      LONG.set(ALL, within(address), value);
    }
  }

  /**
   * Sets bits of a word that another process clears at the same time: neither change is lost, and
   * everything stored before is seen by whoever takes the bits.
   */
  public static void setBits(long address, long bits) {
    if (HOTSPOT) {
      HotSpotMemory.setBits(address, bits);
    } else {
      LONG.getAndBitwiseOr(ALL, within(address), bits);
    }
  }

  /** The bits of a word that another process sets at the same time; they are cleared by this. */
  public static long takeBits(long address) {
    return HOTSPOT
        ? HotSpotMemory.takeBits(address)
        : (long) LONG.getAndSet(ALL, within(address), 0L);
  }

  /** Orders every load and store before it against every one after it, store to load included. */
  public static void fullFence() {
    VarHandle.fullFence();
  }

  /** Copies {@code bytes} bytes; the ranges may overlap. */
  public static void copy(long from, long to, long bytes) {
    if (HOTSPOT) {
      HotSpotMemory.copy(from, to, bytes);
    } else {
      MemorySegment.copy(ALL, from, ALL, to, bytes);
    }
  }

  /**
   * Sets {@code bytes} bytes from {@code address} on to {@code value}. Not for the request path: it
   * makes a segment, unless the compiler finds that it can do without.
   */
  public static void fill(long address, long bytes, byte value) {
    ALL.asSlice(address, bytes).fill(value);
  }

  /** Copies {@code length} bytes out of memory into {@code to}. */
  public static void get(long from, byte[] to, int offset, int length) {
    MemorySegment.copy(ALL, JAVA_BYTE, from, to, offset, length);
  }

  /** Copies {@code length} bytes of {@code from} into memory. */
  public static void put(byte[] from, int offset, int length, long to) {
    MemorySegment.copy(from, offset, ALL, JAVA_BYTE, to, length);
  }

  /**
   * The same by words, for some ten of them: to begin a copy costs more than that. 44 % of a
   * reactor that did SCSI commands was copies of 3, 32 and 108 bytes.
   */
  public static void putWords(byte[] from, int offset, int length, long to) {
    int done = 0;
    for (; done + Long.BYTES <= length; done += Long.BYTES) {
      putLong(to + done, (long) LONG_OF_ARRAY.get(from, offset + done));
    }
    for (; done < length; done++) {
      putByte(to + done, from[offset + done]);
    }
  }

  /** Sets so many words from {@code address} on, some ten of them, to 0. */
  public static void clearWords(long address, int words) {
    for (int i = 0; i < words; i++) {
      putLong(address + (long) i * Long.BYTES, 0);
    }
  }

  /**
   * The bytes from {@code address} on as a segment, valid as long as the memory is mapped: nothing
   * checks that.
   */
  public static MemorySegment segment(long address, long bytes) {
    return ALL.asSlice(address, bytes);
  }

  /**
   * Throws here, and not in some later and innocent place, the {@link InternalError} of a fault
   * that an earlier access on this thread ran into. On its way back to a loop's beginning a thread
   * looks whether the JVM wants something of it, interpreted and compiled alike, and there the JVM
   * delivers the error. The way back from native code is such a place as well, and takes ten times
   * as long: it waits until all that this thread stored is in its cache.
   */
  public static void surfaceFault() {
    for (int bits = turns; bits != 0; bits &= bits - 1) {
      // Two turns, of which the compiler knows nothing: it leaves out no look.
    }
  }

  @SuppressWarnings("restricted")
  private static MemorySegment everything() {
    return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  }
}
