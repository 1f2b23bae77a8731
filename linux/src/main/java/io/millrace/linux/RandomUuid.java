package io.millrace.linux;

import java.util.UUID;

/** Random UUIDs from the kernel, getrandom(2): the JDK takes 20 ms to find a source of them. */
public final class RandomUuid {
  private static final int BYTES = 16;
  private static final long VERSION_MASK = 0xf000;
  private static final long VERSION_4 = 0x4000;
  private static final long VARIANT_MASK = 0xc000_0000_0000_0000L;
  private static final long VARIANT_IETF = 0x8000_0000_0000_0000L;

  private RandomUuid() {}

  /** A version 4 UUID (RFC 9562, section 5.4). May block only while the machine boots. */
  public static UUID next() {
    long bytes = Syscall.scratch();
    if (Syscall.call(Syscall.GETRANDOM, bytes, BYTES) != BYTES) {
      return UUID.randomUUID(); // a filter of system calls is in the way
    }
    long high = RawMemory.getLong(bytes);
    long low = RawMemory.getLong(bytes + Long.BYTES);
    return new UUID((high & ~VERSION_MASK) | VERSION_4, (low & ~VARIANT_MASK) | VARIANT_IETF);
  }
}
