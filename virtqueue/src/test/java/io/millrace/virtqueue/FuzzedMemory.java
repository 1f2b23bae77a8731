package io.millrace.virtqueue;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.RawMemory;
import java.util.Arrays;
import java.util.List;

/**
 * A guest of two regions of {@value #REGION} bytes from address 0 on, neighbours for the guest
 * only. Behind each of them its file ends, so that an access beyond it faults, and a copy knows
 * what each byte has to be: a store that nobody announced shows.
 */
final class FuzzedMemory implements GuestWrites, AutoCloseable {
  static final int REGION = 4096;
  static final int BYTES = 2 * REGION;

  private final Mapping[] mappings = new Mapping[2];
  private final byte[] expected = new byte[BYTES];

  FuzzedMemory() throws LinuxException {
    for (int i = 0; i < mappings.length; i++) {
      try (FileDescriptor file = MemoryFile.create("fuzzed", REGION, false)) {
        mappings[i] = Mapping.map(file, 0, 2L * REGION, true);
      }
    }
  }

  /** The first {@code count} of the regions. */
  GuestMemoryMap map(int count) {
    List<GuestRegion> all =
        List.of(
            new GuestRegion(0, REGION, 0, mappings[0].address()),
            new GuestRegion(REGION, REGION, REGION, mappings[1].address()));
    return new GuestMemoryMap(all.subList(0, count));
  }

  /** Fills all memory, with zeroes where there is nothing more. */
  void load(byte[] from, int offset) {
    Arrays.fill(expected, (byte) 0);
    int bytes = Math.clamp(from.length - offset, 0, BYTES);
    System.arraycopy(from, Math.min(offset, from.length), expected, 0, bytes);
    RawMemory.put(expected, 0, REGION, mappings[0].address());
    RawMemory.put(expected, REGION, REGION, mappings[1].address());
  }

  long host(int guest) {
    return mappings[guest / REGION].address() + guest % REGION;
  }

  /** Where the guest sees a piece of memory; fails unless all of it is in one region. */
  int guest(long host, long bytes) {
    for (int i = 0; i < mappings.length; i++) {
      long offset = host - mappings[i].address();
      if (bytes > 0 && offset >= 0 && offset <= REGION - bytes) {
        return i * REGION + (int) offset;
      }
    }
    throw new AssertionError(bytes + " bytes of memory that the guest did not share");
  }

  /** The guest stores a byte. */
  void put(int guest, int value) {
    int at = guest % BYTES;
    expected[at] = (byte) value;
    RawMemory.putByte(host(at), (byte) value);
  }

  byte get(int guest) {
    return RawMemory.getByte(host(guest % BYTES));
  }

  int getInt(int guest) {
    return RawMemory.getInt(host(guest));
  }

  /** The device stored something, and says so. */
  @Override
  public void wrote(long host, long bytes) {
    RawMemory.get(host, expected, guest(host, bytes), (int) bytes);
  }

  /** Fails if a byte is not what the last announced store made it. */
  void checkNothingElseChanged() {
    byte[] found = new byte[BYTES];
    RawMemory.get(mappings[0].address(), found, 0, REGION);
    RawMemory.get(mappings[1].address(), found, REGION, REGION);
    int at = Arrays.mismatch(found, expected);
    if (at >= 0) {
      throw new AssertionError("guest address 0x" + Integer.toHexString(at) + " changed silently");
    }
  }

  @Override
  public void close() {
    for (Mapping mapping : mappings) {
      mapping.close();
    }
  }
}
