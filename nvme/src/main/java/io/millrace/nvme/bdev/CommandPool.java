package io.millrace.nvme.bdev;

import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * Objects of one kind that are used again and again: as many as were ever needed at once. One
 * reactor's thread; allocates only to grow.
 */
final class CommandPool<T> {
  private final IntFunction<T> maker;
  private T[] all;
  private T[] free;
  private int freeCount;

  /**
   * A pool.
   *
   * @param empty an array of that kind, of no elements
   * @param first how many to make at once
   * @param maker makes one for an index from 0
   */
  CommandPool(T[] empty, int first, IntFunction<T> maker) {
    this.maker = maker;
    this.all = empty;
    this.free = empty;
    grow(first);
  }

  T take() {
    if (freeCount == 0) {
      grow(all.length * 2);
    }
    return free[--freeCount];
  }

  void give(T one) {
    free[freeCount++] = one;
  }

  T get(int index) {
    return all[index];
  }

  int size() {
    return all.length;
  }

  private void grow(int count) {
    int had = all.length;
    all = Arrays.copyOf(all, count);
    free = Arrays.copyOf(free, count);
    for (int i = had; i < count; i++) {
      T made = maker.apply(i);
      all[i] = made;
      free[freeCount++] = made;
    }
  }
}
