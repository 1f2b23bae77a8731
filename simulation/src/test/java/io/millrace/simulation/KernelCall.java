package io.millrace.simulation;

import io.millrace.linux.IoUring;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.RawMemory;
import java.util.ArrayList;
import java.util.List;

/** One call into the simulated kernel, while it is made: what is asked, and how far it got. */
public final class KernelCall {
  /** Which call. */
  enum Kind {
    READ,
    WRITE,
    SYNC,
    ALLOCATE
  }

  private static final int NO_SECTORS = 0;

  final Kind kind;
  final int firstSector;
  final int sectors;
  private final long[] addresses;
  private final int[] lengths;
  private final int flags;

  /** The caller's name for it. */
  public long userData;

  /** What it returns. */
  public int result;

  long submitted; // by the kernel's count of events
  long completed = Long.MAX_VALUE;
  long dueNanos;
  final List<Integer> left = new ArrayList<>(); // sectors of it that are still to be done
  final List<Disk.Version> written = new ArrayList<>();

  private KernelCall(Kind kind, long offset, long length, long[] addresses, int[] lengths, int f) {
    this.kind = kind;
    this.firstSector = (int) (offset / Sector.BYTES);
    this.sectors = (int) (length / Sector.BYTES);
    this.addresses = addresses;
    this.lengths = lengths;
    this.flags = f;
    if (offset % Sector.BYTES != 0 || length % Sector.BYTES != 0) {
      throw new IllegalStateException(this + " is not in whole sectors");
    }
  }

  /** preadv2(2) or pwritev2(2). */
  public static KernelCall transfer(
      boolean read, long offset, long[] addresses, int[] lengths, int flags) {
    long length = 0;
    for (int bytes : lengths) {
      length += bytes;
    }
    return new KernelCall(read ? Kind.READ : Kind.WRITE, offset, length, addresses, lengths, flags);
  }

  /** fdatasync(2). */
  public static KernelCall sync() {
    return new KernelCall(Kind.SYNC, 0, NO_SECTORS, new long[0], new int[0], 0);
  }

  /** fallocate(2). */
  public static KernelCall allocate(long offset, long length, int mode) {
    return new KernelCall(Kind.ALLOCATE, offset, length, new long[0], new int[0], mode);
  }

  boolean isDurable() {
    return kind == Kind.WRITE && (flags & IoUring.RWF_DSYNC) != 0;
  }

  /** Whether it zeroes the range by saying so, and not by a hole. */
  boolean zeroesRange() {
    return kind == Kind.ALLOCATE && (flags & LinuxFiles.FALLOC_FL_ZERO_RANGE) != 0;
  }

  /** Whether it stores something. */
  boolean writes() {
    return kind == Kind.WRITE
        || zeroesRange()
        || (kind == Kind.ALLOCATE && (flags & LinuxFiles.FALLOC_FL_PUNCH_HOLE) != 0);
  }

  /** The value that its memory has for one of its sectors. */
  long value(int sector) {
    if (kind != Kind.WRITE) {
      return Sector.ZERO;
    }
    byte[] bytes = new byte[Sector.BYTES];
    copy(sector, bytes, true);
    return Sector.value(bytes);
  }

  /** Stores a value where the memory for one of its sectors is. */
  void store(int sector, long value) {
    copy(sector, Sector.bytes(value), false);
  }

  /** What is read into is the kernel's: it may hold anything until it is done. */
  void spoil() {
    for (int i = 0; i < addresses.length; i++) {
      RawMemory.fill(addresses[i], lengths[i], (byte) 0xaa);
    }
  }

  private void copy(int sector, byte[] bytes, boolean fromMemory) {
    long skip = (long) (sector - firstSector) * Sector.BYTES;
    int at = 0;
    for (int i = 0; at < Sector.BYTES; i++) {
      if (skip >= lengths[i]) {
        skip -= lengths[i];
        continue;
      }
      int count = (int) Math.min(lengths[i] - skip, Sector.BYTES - at);
      if (fromMemory) {
        RawMemory.get(addresses[i] + skip, bytes, at, count);
      } else {
        RawMemory.put(bytes, at, count, addresses[i] + skip);
      }
      at += count;
      skip = 0;
    }
  }

  @Override
  public String toString() {
    return kind + " " + firstSector + "+" + sectors + (flags == 0 ? "" : " flags " + flags);
  }
}
