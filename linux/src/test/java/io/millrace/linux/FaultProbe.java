package io.millrace.linux;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/**
 * A program: touches memory whose file was truncated, in every way {@link RawMemory} offers and
 * with what compilers like to fold into a load, and prints how many faults came at the access, at
 * {@code surfaceFault()}, later, and never.
 */
final class FaultProbe {
  static final int AT_ACCESS = 0;
  static final int AT_SURFACE = 1;
  static final int LATER = 2;
  static final int NEVER = 3;
  private static final int FILE_BYTES = 1 << 16;
  private static final int FAULTS = 40;

  static final byte[] ARRAY = new byte[4096];
  private static final Map<String, Access> ACCESSES = new TreeMap<>();

  static long good;
  static long sink;

  private FaultProbe() {}

  /** One way to touch memory. */
  interface Access {
    /** Makes the access and says where its fault came. */
    int at(long address);
  }

  public static void main(String[] arguments) throws Exception {
    int warmUp = Integer.parseInt(arguments[0]);
    loads();
    loadsWithAUse();
    storesAndCopies();
    int[] where = new int[4];
    List<String> wrong = new ArrayList<>();
    try (FileDescriptor keeps = MemoryFile.create("keeps", FILE_BYTES, false);
        FileDescriptor shrinks = MemoryFile.create("shrinks", FILE_BYTES, false);
        Mapping memory = Mapping.map(keeps, 0, FILE_BYTES, true);
        Mapping victim = Mapping.map(shrinks, 0, FILE_BYTES, true)) {
      good = memory.address();
      for (Map.Entry<String, Access> access : ACCESSES.entrySet()) {
        int[] own = probe(access.getValue(), shrinks, victim.address() + 8192, warmUp);
        if (own[LATER] + own[NEVER] > 0) {
          wrong.add(access.getKey());
        }
        for (int i = 0; i < own.length; i++) {
          where[i] += own[i];
        }
      }
    }
    System.out.printf(
        "accesses=%d faults=%d atAccess=%d atSurface=%d wrong=%s%n",
        ACCESSES.size(), ACCESSES.size() * FAULTS, where[AT_ACCESS], where[AT_SURFACE], wrong);
  }

  private static int[] probe(Access access, FileDescriptor file, long address, int warmUp)
      throws Exception {
    int[] where = new int[4];
    for (int i = 0; i < warmUp; i++) {
      access.at(good);
    }
    LinuxFiles.truncate(file, 4096);
    for (int i = 0; i < FAULTS; i++) {
      where[access.at(address)]++;
      for (int j = 0; j < warmUp / FAULTS; j++) {
        access.at(good); // a fault may throw compiled code away: compile it again
      }
    }
    LinuxFiles.truncate(file, FILE_BYTES);
    return where;
  }

  private static void loads() {
    access("byte", a -> sink += RawMemory.getByte(a));
    access("short", a -> sink += RawMemory.getShort(a));
    access("int", a -> sink += RawMemory.getInt(a));
    access("long", a -> sink += RawMemory.getLong(a));
    access("short acquire", a -> sink += RawMemory.getShortAcquire(a));
    access("int acquire", a -> sink += RawMemory.getIntAcquire(a));
    access("long acquire", a -> sink += RawMemory.getLongAcquire(a));
    access("short unaligned", a -> sink += RawMemory.getShort(a + 1));
    access("int unaligned", a -> sink += RawMemory.getInt(a + 1));
    access("long unaligned", a -> sink += RawMemory.getLong(a + 3));
  }

  private static void loadsWithAUse() {
    access("int sign-extended", a -> sink += RawMemory.getInt(a) * 3L);
    access("int acquire sign-extended", a -> sink += RawMemory.getIntAcquire(a) * 3L);
    access("int zero-extended", a -> sink += Integer.toUnsignedLong(RawMemory.getInt(a)));
    access("byte tested", a -> sink += (RawMemory.getByte(a) & 0x40) != 0 ? 1 : 0);
    access("unsigned byte tested", a -> sink += (RawMemory.getByte(a) & 0xff & 0x40) != 0 ? 1 : 0);
    access("short tested", a -> sink += (RawMemory.getShort(a) & 1) != 0 ? 1 : 0);
    access("int tested", a -> sink += (RawMemory.getInt(a) & 0x10000) != 0 ? 1 : 0);
    access("long tested", a -> sink += (RawMemory.getLong(a) & 0x10000) != 0 ? 1 : 0);
    access("long masked", a -> sink += (RawMemory.getLong(a) & sink) != 0 ? 1 : 0);
    access("byte compared", a -> sink += RawMemory.getByte(a) == 7 ? 1 : 0);
    access("short compared", a -> sink += RawMemory.getShort(a) == (short) sink ? 1 : 0);
    access("int compared", a -> sink += RawMemory.getInt(a) == 7 ? 1 : 0);
    access("int index", a -> sink += ARRAY[RawMemory.getInt(a) & 0xfff]);
    access("short index", a -> sink += ARRAY[RawMemory.getShort(a) & 0xfff]);
    access("int shifted", a -> sink += RawMemory.getInt(a) << 3);
    access("long lowest bit", a -> sink += Long.lowestOneBit(RawMemory.getLong(a)));
    access("long bits counted", a -> sink += Long.bitCount(RawMemory.getLong(a)));
    access("int trailing zeros", a -> sink += Integer.numberOfTrailingZeros(RawMemory.getInt(a)));
    access("int reversed", a -> sink += Integer.reverseBytes(RawMemory.getInt(a)));
    access("long reversed", a -> sink += Long.reverseBytes(RawMemory.getLong(a)));
    access("int maximum", a -> sink = Math.max(RawMemory.getInt(a), (int) sink));
    access("int as double", a -> sink += (long) (RawMemory.getInt(a) * 1.5));
    access("ints summed in a loop", FaultProbe::sumInts);
    access("longs summed in a loop", FaultProbe::sumLongs);
  }

  private static void sumInts(long address) {
    long sum = 0;
    for (int i = 0; i < 64; i++) {
      sum += RawMemory.getInt(address + 4L * i);
    }
    sink += sum;
  }

  private static void sumLongs(long address) {
    long sum = 0;
    for (int i = 0; i < 64; i++) {
      sum += RawMemory.getLong(address + 8L * i);
    }
    sink += sum;
  }

  private static void storesAndCopies() {
    access("byte stored", a -> RawMemory.putByte(a, (byte) sink));
    access("short stored", a -> RawMemory.putShort(a, (short) sink));
    access("short stored unaligned", a -> RawMemory.putShort(a + 1, (short) sink));
    access("short constant", a -> RawMemory.putShort(a, (short) 77));
    access("int stored", a -> RawMemory.putInt(a, (int) sink));
    access("int constant", a -> RawMemory.putInt(a, 77));
    access("long stored", a -> RawMemory.putLong(a, sink));
    access("long constant", a -> RawMemory.putLong(a, 77));
    access("short release", a -> RawMemory.putShortRelease(a, (short) sink));
    access("int release", a -> RawMemory.putIntRelease(a, (int) sink));
    access("long release", a -> RawMemory.putLongRelease(a, sink));
    access("byte or-ed", a -> RawMemory.putByte(a, (byte) (RawMemory.getByte(a) | 3)));
    access("short added", a -> RawMemory.putShort(a, (short) (RawMemory.getShort(a) + 3)));
    access("int added", a -> RawMemory.putInt(a, RawMemory.getInt(a) + 3));
    access("long xor-ed", a -> RawMemory.putLong(a, RawMemory.getLong(a) ^ 3));
    access("bits set", a -> RawMemory.setBits(a, sink));
    access("bits set, constant", a -> RawMemory.setBits(a, 1L << 40));
    access("bits taken", a -> sink += RawMemory.takeBits(a));
    access("bits taken, tested", a -> sink += (RawMemory.takeBits(a) & 0x10000) != 0 ? 1 : 0);
    access("longs stored in a loop", FaultProbe::storeLongs);
    access("copied from", a -> RawMemory.copy(a, good + 8192, 4096));
    access("copied from, short", a -> RawMemory.copy(a + 1, good + 8192, 31));
    access("copied to", a -> RawMemory.copy(good + 8192, a, 4096));
    access("copied to, short", a -> RawMemory.copy(good + 8192, a + 1, 31));
    access("filled", a -> RawMemory.fill(a, 4096, (byte) 1));
    access("filled, short", a -> RawMemory.fill(a + 1, 13, (byte) 1));
    access("array from", a -> RawMemory.get(a, ARRAY, 0, 4096));
    access("array from, short", a -> RawMemory.get(a + 1, ARRAY, 3, 23));
    access("array to", a -> RawMemory.put(ARRAY, 0, 4096, a));
    access("clear words", a -> RawMemory.clearWords(a, 12));
    access("clear words, unaligned", a -> RawMemory.clearWords(a + 4, 12));
    access("array to, by words", a -> RawMemory.putWords(ARRAY, 0, 108, a));
    access("array to, by words, unaligned", a -> RawMemory.putWords(ARRAY, 1, 109, a + 3));
  }

  private static void storeLongs(long address) {
    for (int i = 0; i < 64; i++) {
      RawMemory.putLong(address + 8L * i, i);
    }
  }

  /** Each operation gets a {@link Body} class of its own, so that the JIT inlines it there. */
  private static void access(String name, LongConsumer operation) {
    try (InputStream body = FaultProbe.class.getResourceAsStream("FaultProbe$Body.class")) {
      Class<?> own =
          MethodHandles.lookup().defineHiddenClass(body.readAllBytes(), true).lookupClass();
      ACCESSES.put(
          name, (Access) own.getDeclaredConstructor(LongConsumer.class).newInstance(operation));
    } catch (IOException | ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One operation and where its fault comes. */
  static final class Body implements Access {
    private final LongConsumer operation;

    Body(LongConsumer operation) {
      this.operation = operation;
    }

    @Override
    public int at(long address) {
      int where = AT_ACCESS;
      try {
        operation.accept(address);
        where = AT_SURFACE;
        RawMemory.surfaceFault();
        where = LATER;
        sink += Cpu.threadId(); // a second chance, which must not be needed
        return NEVER;
      } catch (InternalError e) {
        return where;
      }
    }
  }
}
