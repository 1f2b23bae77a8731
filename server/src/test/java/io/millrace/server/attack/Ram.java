package io.millrace.server.attack;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.RawMemory;

/**
 * Memory that an attacker shares. Its guest, user and host addresses all differ, so that one taken
 * for another shows.
 */
final class Ram implements AutoCloseable {
  private static final byte CANARY = (byte) 0xa5;

  final FileDescriptor file;
  final long guest;
  final long user;
  final long bytes;
  private final Mapping mapping;

  private Ram(FileDescriptor file, long guest, long user, long bytes) throws LinuxException {
    this.file = file;
    this.guest = guest;
    this.user = user;
    this.bytes = bytes;
    this.mapping = Mapping.map(file, 0, bytes, true);
  }

  /** Memory that cannot shrink. */
  static Ram create(long guest, long user, long bytes) throws LinuxException {
    Ram ram = unsealed(guest, user, bytes);
    MemoryFile.seal(ram.file, MemoryFile.F_SEAL_SHRINK);
    return ram;
  }

  static Ram unsealed(long guest, long user, long bytes) throws LinuxException {
    return new Ram(MemoryFile.create("attacker", bytes, true), guest, user, bytes);
  }

  /** The region as SET_MEM_TABLE and ADD_MEM_REG describe it. */
  Object[] region() {
    return new Object[] {guest, bytes, user, 0L};
  }

  long host(long offset) {
    return mapping.address() + offset;
  }

  void putByte(long offset, int value) {
    RawMemory.putByte(host(offset), (byte) value);
  }

  void putShort(long offset, int value) {
    RawMemory.putShortRelease(host(offset), (short) value);
  }

  void putInt(long offset, int value) {
    RawMemory.putIntRelease(host(offset), value);
  }

  void putLong(long offset, long value) {
    RawMemory.putLongRelease(host(offset), value);
  }

  int getByte(long offset) {
    return RawMemory.getByte(host(offset)) & 0xff;
  }

  int getShort(long offset) {
    return RawMemory.getShortAcquire(host(offset)) & 0xffff;
  }

  int getInt(long offset) {
    return RawMemory.getIntAcquire(host(offset));
  }

  /** Fills a range with what no device writes by chance. */
  void poison(long offset, long length) {
    RawMemory.fill(host(offset), length, CANARY);
  }

  /** The range still is as {@link #poison} left it. */
  void assertUntouched(String what, long offset, long length) {
    for (long i = 0; i < length; i++) {
      if (getByte(offset + i) != (CANARY & 0xff)) {
        throw Verdict.wrong("byte %d of %s was written".formatted(i, what));
      }
    }
  }

  /** Fills a range with the bytes of a sector. */
  void fillSector(long offset, long sector) {
    for (int i = 0; i < 512; i++) {
      putByte(offset + i, contentOf(sector, i));
    }
  }

  /** The range holds these bytes of a sector. */
  void assertSector(String what, long offset, long sector, int from, int length) {
    for (int i = 0; i < length; i++) {
      if (getByte(offset + i) != contentOf(sector, from + i)) {
        throw Verdict.wrong("byte %d of %s is not that of the disk".formatted(i, what));
      }
    }
  }

  private static int contentOf(long sector, int at) {
    return (int) (sector * 31 + at * 7L + at / 256 + 1) & 0xff;
  }

  void truncate(long length) throws LinuxException {
    LinuxFiles.truncate(file, length);
  }

  @Override
  public void close() {
    mapping.close();
    file.close();
  }
}
