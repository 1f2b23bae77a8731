package io.millrace.bdev.file;

import java.util.Arrays;

/**
 * What one disk knows on one reactor of its guests' memory: which buffer of the ring a request's
 * memory lies in. Other disks' guests are none of its business, even on the same ring. The
 * reactor's thread; {@link #slotOf} is data path.
 */
final class RegisteredMemory implements AutoCloseable {
  private final DiskMemory disk;
  private final RingBuffers buffers;
  private RegisteredRange[] ranges = {}; // by address; no two overlap
  private RegisteredRange last = RegisteredRange.NOTHING;

  RegisteredMemory(DiskMemory disk, RingBuffers buffers) {
    this.disk = disk;
    this.buffers = buffers;
  }

  DiskMemory disk() {
    return disk;
  }

  /** The buffer that holds all of that memory; else {@link RegisteredRange#NO_SLOT}. */
  int slotOf(long address, int bytes) {
    RegisteredRange range = last;
    if (!range.contains(address)) {
      range = find(address);
      last = range;
    }
    return range.slotOf(address, bytes);
  }

  private RegisteredRange find(long address) {
    RegisteredRange[] all = ranges;
    int low = 0;
    int high = all.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (all[middle].address <= address) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    boolean inside = low > 0 && all[low - 1].contains(address);
    return inside ? all[low - 1] : RegisteredRange.NOTHING;
  }

  /** Has a range registered, unless it is already. */
  void add(long address, long bytes) {
    if (find(address) != RegisteredRange.NOTHING) {
      return; // a channel opened just now has found it by itself
    }
    RegisteredRange range = new RegisteredRange(address, bytes);
    int count = ranges.length;
    RegisteredRange[] all = Arrays.copyOf(ranges, count + 1);
    int place = count;
    while (place > 0 && all[place - 1].address > address) {
      all[place] = all[place - 1];
      place--;
    }
    all[place] = range;
    ranges = all;
    buffers.register(this, range);
  }

  /** Uses a range no longer. It is known by where it starts. */
  void remove(long address) {
    RegisteredRange range = find(address);
    if (range.address == address) {
      ranges =
          Arrays.stream(ranges).filter(r -> r.address != address).toArray(RegisteredRange[]::new);
      letGo(range);
    }
  }

  private void letGo(RegisteredRange range) {
    last = RegisteredRange.NOTHING;
    disk.registered(-range.registeredBytes());
    buffers.release(range);
  }

  @Override
  public void close() {
    RegisteredRange[] all = ranges;
    ranges = new RegisteredRange[0];
    for (RegisteredRange range : all) {
      letGo(range);
    }
  }
}
