package io.millrace.nvme.model;

import io.millrace.linux.Mapping;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.DmaSpace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;

/**
 * What the model reaches of this process's memory, at addresses that are none of the process: an
 * address of the wrong kind is not translated, and noticed. {@link #translate} the model's thread;
 * the others the control thread.
 */
public final class ModelDma implements DmaSpace {
  /** IOVA of the host address 0. No host address is as large. */
  public static final long OFFSET = 0x0100_0000_0000_0000L;

  static final long NOT_MAPPED = 0;

  private static final int PAGE_BYTES = 4096;

  private record Refused(long start, long end) {}

  private final TreeMap<Long, Long> mapped = new TreeMap<>(); // host start to end
  private final List<Refused> refused = new ArrayList<>();
  private volatile long[] ranges = {}; // start and end of each, sorted; replaced as a whole
  private int lastHit;
  private int maps;
  private int unmaps;
  private int allocations;

  /** {@link #map} of anything in this range answers that it is not reachable. */
  public void refuse(long address, long bytes) {
    refused.add(new Refused(address, address + bytes));
  }

  /** How often {@link #map} was asked. */
  public int maps() {
    return maps;
  }

  /** How often {@link #unmap} was asked. */
  public int unmaps() {
    return unmaps;
  }

  /** How many pieces of {@link #allocate} are not given back. */
  public int allocations() {
    return allocations;
  }

  /** How many pieces are mapped, those of {@link #allocate} among them. */
  public int mappings() {
    return mapped.size();
  }

  @Override
  public long map(long address, long bytes) {
    maps++;
    if ((address | bytes) % PAGE_BYTES != 0 || bytes <= 0) {
      throw new AssertionError("map of what is no page: " + describe(address, bytes));
    }
    if (overlaps(address, bytes)) {
      throw new AssertionError("map of what is mapped: " + describe(address, bytes));
    }
    for (Refused range : refused) {
      if (address < range.end && range.start < address + bytes) {
        return NOT_REACHABLE;
      }
    }
    add(address, bytes);
    return address + OFFSET;
  }

  @Override
  public void unmap(long address, long bytes) {
    unmaps++;
    remove(address, bytes);
  }

  @Override
  public DmaMemory allocate(long bytes) throws IOException {
    long rounded = (bytes + PAGE_BYTES - 1) & -PAGE_BYTES;
    Mapping mapping = Mapping.anonymous(rounded, false);
    add(mapping.address(), rounded);
    allocations++;
    boolean[] released = new boolean[1];
    return new DmaMemory(
        mapping.address(),
        mapping.address() + OFFSET,
        rounded,
        () -> {
          if (!released[0]) {
            released[0] = true;
            remove(mapping.address(), rounded);
            mapping.close();
            allocations--;
          }
        });
  }

  /** Host address of what the device calls {@code iova}, or {@link #NOT_MAPPED}. */
  long translate(long iova, long bytes) {
    long[] now = ranges;
    long address = iova - OFFSET;
    int hit = lastHit;
    if (hit < now.length && address >= now[hit] && address + bytes <= now[hit + 1]) {
      return address;
    }
    long covered = address;
    for (int i = 0; i < now.length; i += 2) { // neighbours are one
      if (covered >= now[i] && covered < now[i + 1]) {
        lastHit = i;
        covered = now[i + 1];
        if (covered >= address + bytes) {
          return address;
        }
      }
    }
    return NOT_MAPPED;
  }

  private boolean overlaps(long address, long bytes) {
    Map.Entry<Long, Long> before = mapped.lowerEntry(address + bytes);
    return before != null && before.getValue() > address;
  }

  private void add(long address, long bytes) {
    mapped.put(address, address + bytes);
    publish();
  }

  private void remove(long address, long bytes) {
    if (!mapped.remove(address, address + bytes)) {
      throw new AssertionError("unmap of what was not mapped so: " + describe(address, bytes));
    }
    publish();
  }

  private void publish() {
    ranges =
        mapped.entrySet().stream()
            .flatMapToLong(each -> LongStream.of(each.getKey(), each.getValue()))
            .toArray();
  }

  private static String describe(long address, long bytes) {
    return bytes + " bytes at 0x" + Long.toHexString(address);
  }
}
