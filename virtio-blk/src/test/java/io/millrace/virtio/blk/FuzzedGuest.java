package io.millrace.virtio.blk;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.MemoryRegion;
import io.millrace.vhost.user.VringAddress;

/**
 * What a fuzzed front-end shares: two files, one sealed, whose last page it never shares, and an
 * eventfd to kick and one to call for each of four rings. Everything that can be right is picked by
 * 0, everything else by some other number.
 */
final class FuzzedGuest implements AutoCloseable {
  static final int PAGE = 4096;
  static final int FILE_BYTES = 16 * PAGE;
  static final long USER = 0x7f00_0000_0000L; // user addresses are guest addresses plus this

  private static final int SHARED_BYTES = FILE_BYTES - PAGE;
  private static final byte UNTOUCHED = 0x5a;
  private static final int RINGS = 4;
  private static final int AVAIL = 0x400; // in a ring's page
  private static final int USED = 0x600;
  private static final int INDIRECT = 0x800;
  private static final int DATA = 4 * PAGE; // behind the rings
  private static final int WRITE = 2;

  final FileDescriptor[] files = new FileDescriptor[2];
  final FileDescriptor[] kicks = new FileDescriptor[RINGS];
  final FileDescriptor[] calls = new FileDescriptor[RINGS];
  private final Mapping[] mappings = new Mapping[2];

  FuzzedGuest() throws LinuxException {
    for (int i = 0; i < files.length; i++) {
      files[i] = MemoryFile.create("fuzzed", FILE_BYTES, true);
      mappings[i] = Mapping.map(files[i], 0, FILE_BYTES, true);
    }
    MemoryFile.seal(files[0], MemoryFile.F_SEAL_SHRINK);
    for (int i = 0; i < RINGS; i++) {
      kicks[i] = EventFd.create();
      calls[i] = EventFd.create();
    }
  }

  /** As it is when the guest starts. */
  void reset() {
    for (Mapping mapping : mappings) {
      RawMemory.fill(mapping.address(), SHARED_BYTES, (byte) 0);
      RawMemory.fill(mapping.address() + SHARED_BYTES, PAGE, UNTOUCHED);
    }
    for (int i = 0; i < RINGS; i++) {
      EventFd.drain(kicks[i].number());
      EventFd.drain(calls[i].number());
    }
  }

  /** Fails if a byte changed that was never shared. */
  void checkTheRestIsUntouched() {
    byte[] page = new byte[PAGE];
    for (Mapping mapping : mappings) {
      RawMemory.get(mapping.address() + SHARED_BYTES, page, 0, PAGE);
      for (byte one : page) {
        SteppedTarget.check(one == UNTOUCHED, "memory that was not shared has changed");
      }
    }
  }

  void poke(int at, int value) {
    RawMemory.putByte(mappings[0].address() + at % SHARED_BYTES, (byte) value);
  }

  FileDescriptor file(int which) {
    return files[which & 1];
  }

  /**
   * A region: its file in bit 0, its first page in bits 1 to 3, its size in bits 4 to 6, and in bit
   * 7 whether it is at the end of all addresses.
   */
  MemoryRegion region(int which) {
    long at = (long) PAGE * ((which >> 1) & 7);
    long size =
        switch ((which >> 4) & 7) {
          case 0 -> SHARED_BYTES - at;
          case 1 -> PAGE;
          case 2 -> 2 * PAGE;
          case 3 -> 100;
          case 4 -> PAGE + 0x800;
          case 5 -> 0;
          case 6 -> 16L * FILE_BYTES;
          default -> -PAGE;
        };
    long guest = (which & 0x80) != 0 ? -size : (which & 1) * 0x10_0000L + at;
    return new MemoryRegion(guest, size, USER + guest, at);
  }

  /** Where a ring is; {@code how} says what is wrong with that. */
  static VringAddress ring(int ring, int how) {
    long at = USER + (ring & (RINGS - 1)) * (long) PAGE;
    long desc = at;
    long used = at + USED;
    long avail = at + AVAIL;
    switch (how & 7) {
      case 1 -> desc += 8;
      case 2 -> used = at; // on its own descriptors
      case 3 -> avail += 0x10_0000; // in the other file
      case 4 -> used = USER + SHARED_BYTES - 8;
      case 5 -> desc = -16;
      case 6 -> avail += 1;
      case 7 -> used = 0;
      default -> {}
    }
    return new VringAddress(ring, (how >> 3) & 1, desc, used, avail, 0);
  }

  /**
   * Offers a request, and kicks.
   *
   * @param type of the request
   * @param how bits 0 to 2 what is wrong with the chain, bit 3 in an indirect table, bits 4 to 7
   *     its sector
   */
  void offer(int ring, int type, int how) {
    long at = mappings[0].address() + (ring & (RINGS - 1)) * (long) PAGE;
    long idx = at + AVAIL + 2;
    int number = RawMemory.getShort(idx) & 0xf;
    int header = DATA + number * 0x400;
    RawMemory.putInt(mappings[0].address() + header, type);
    RawMemory.putLong(mappings[0].address() + header + 8, how >> 4);
    boolean indirect = (how & 8) != 0;
    long table = indirect ? at + INDIRECT + number * 64L : at;
    int first = indirect ? 0 : number * 3 % 15;
    int bytes = (how & 7) == 1 ? 511 : 512;
    long data = (how & 7) == 2 ? 0x7000_0000L : header + 0x100;
    int next = (how & 7) == 3 ? first : first + 1;
    int last = (how & 7) == 4 ? 0 : WRITE;
    descriptor(table, first, header, (how & 7) == 5 ? 8 : 16, 1, first + 1);
    descriptor(table, first + 1, data, bytes, 1 | (((type & 1) * WRITE) ^ WRITE), next + 1);
    descriptor(table, first + 2, header + 0x20, 1, last, (how & 7) == 6 ? 0xffff : 0);
    if (indirect) {
      long guest = table - mappings[0].address();
      descriptor(at, number, guest, (how & 7) == 7 ? 40 : 48, 4, 0);
    }
    RawMemory.putShort(at + AVAIL + 4 + 2L * number, (short) (indirect ? number : first));
    RawMemory.putShort(idx, (short) (RawMemory.getShort(idx) + 1));
    EventFd.signal(kicks[ring & (RINGS - 1)].number());
  }

  private static void descriptor(
      long table, int index, long guest, int bytes, int flags, int next) {
    long at = table + 16L * index;
    RawMemory.putLong(at, guest);
    RawMemory.putInt(at + 8, bytes);
    RawMemory.putShort(at + 12, (short) flags);
    RawMemory.putShort(at + 14, (short) next);
  }

  @Override
  public void close() {
    for (int i = 0; i < files.length; i++) {
      mappings[i].close();
      files[i].close();
    }
    for (int i = 0; i < RINGS; i++) {
      kicks[i].close();
      calls[i].close();
    }
  }
}
