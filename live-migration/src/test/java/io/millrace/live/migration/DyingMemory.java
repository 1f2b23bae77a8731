package io.millrace.live.migration;

import io.millrace.linux.RawMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Stands for {@link RawMemory} in classes of a {@link DyingLoader}: dies before some store. Of the
 * stores since the last fence, which nothing orders, any may then be missing.
 */
public final class DyingMemory {
  private static final class Store {
    final long address;
    final byte[] before;
    final byte[] after;

    Store(long address, byte[] before, byte[] after) {
      this.address = address;
      this.before = before;
      this.after = after;
    }
  }

  private static final List<Store> unordered = new ArrayList<>();
  private static Random random = new Random(0);
  private static int left = Integer.MAX_VALUE;

  private DyingMemory() {}

  /** The back-end died. */
  public static final class Death extends RuntimeException {
    private static final long serialVersionUID = 1;

    Death() {
      super("died", null, false, false);
    }
  }

  /** A back-end that dies before the store after so many. */
  public static void live(int stores, Random with) {
    unordered.clear();
    left = stores;
    random = with;
  }

  /** The other side acts on the last store: with it, everything before it is there. */
  public static void wasSeen() {
    unordered.clear();
  }

  /** A store by the other side. */
  public static void putShortByDriver(long address, short value) {
    RawMemory.putShort(address, value);
  }

  private static void beforeStore() {
    if (left == 0) {
      for (int i = unordered.size() - 1; i >= 0; i--) {
        Store store = unordered.get(i);
        RawMemory.put(store.before, 0, store.before.length, store.address);
      }
      unordered.forEach(DyingMemory::perhapsStore);
      throw new Death();
    }
    left--;
  }

  private static void perhapsStore(Store store) {
    boolean whole = store.after.length <= Long.BYTES;
    boolean there = random.nextBoolean();
    for (int i = 0; i < store.after.length; i++) {
      if (whole ? there : random.nextBoolean()) {
        RawMemory.putByte(store.address + i, store.after[i]);
      }
    }
  }

  private static void store(long address, byte[] after) {
    beforeStore();
    byte[] before = new byte[after.length];
    RawMemory.get(address, before, 0, before.length);
    RawMemory.put(after, 0, after.length, address);
    unordered.add(new Store(address, before, after));
  }

  private static byte[] bytes(long value, int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) (value >>> (8 * i));
    }
    return bytes;
  }

  private static void fence() {
    beforeStore(); // may die on both sides of the fence
    unordered.clear();
  }

  public static byte getByte(long address) {
    return RawMemory.getByte(address);
  }

  public static short getShort(long address) {
    return RawMemory.getShort(address);
  }

  public static long getLong(long address) {
    return RawMemory.getLong(address);
  }

  public static void putShort(long address, short value) {
    store(address, bytes(value, Short.BYTES));
  }

  public static void putLong(long address, long value) {
    store(address, bytes(value, Long.BYTES));
  }

  public static void putShortRelease(long address, short value) {
    fence();
    store(address, bytes(value, Short.BYTES));
  }

  public static void putLongRelease(long address, long value) {
    fence();
    store(address, bytes(value, Long.BYTES));
  }

  public static void fill(long address, long count, byte value) {
    byte[] after = new byte[(int) count];
    Arrays.fill(after, value);
    store(address, after);
  }
}
