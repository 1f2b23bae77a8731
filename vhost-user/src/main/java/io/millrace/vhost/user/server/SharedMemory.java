package io.millrace.vhost.user.server;

import io.millrace.linux.FileDescriptor;
import io.millrace.vhost.user.Limits;
import io.millrace.vhost.user.MemoryRegion;
import io.millrace.virtqueue.GuestMemoryMap;
import io.millrace.virtqueue.GuestRegion;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory one front-end shares. A change gives a {@link Change}: the new map is used at once,
 * the regions that go are unmapped when no request points into them any more.
 */
final class SharedMemory implements AutoCloseable {
  private final VhostDevice device;
  private List<SharedRegion> regions = List.of();
  private GuestMemoryMap map = GuestMemoryMap.EMPTY;

  SharedMemory(VhostDevice device) {
    this.device = device;
  }

  /** Regions that a change took out of the map and that are still mapped. */
  final class Change {
    private final List<SharedRegion> going;

    private Change(List<SharedRegion> going) {
      this.going = going;
    }

    /** Whether anything goes at all. */
    boolean isNeeded() {
      return !going.isEmpty();
    }

    /** Unmaps what went. Nothing points there any more. */
    void finish() {
      going.forEach(SharedMemory.this::unmap);
    }
  }

  GuestMemoryMap map() {
    return map;
  }

  /** Whether a front-end could truncate some of it. */
  boolean mayVanish() {
    return regions.stream().anyMatch(SharedRegion::mayShrink);
  }

  /** Whether some of it was truncated. */
  boolean isTruncated() {
    return regions.stream().anyMatch(SharedRegion::isTruncated);
  }

  /**
   * Replaces the whole table (SET_MEM_TABLE); regions that are in both keep their mapping.
   *
   * @param files one for each region; belong to this from now on
   */
  Change replace(List<MemoryRegion> table, List<FileDescriptor> files) throws SessionException {
    List<SharedRegion> kept = new ArrayList<>();
    List<SharedRegion> fresh = new ArrayList<>();
    List<FileDescriptor> unused = new ArrayList<>(files);
    try {
      for (int i = 0; i < table.size(); i++) {
        MemoryRegion wanted = table.get(i);
        FileDescriptor file = files.get(i);
        SharedRegion same =
            regions.stream().filter(old -> old.isSame(wanted, file)).findFirst().orElse(null);
        if (same != null && !kept.contains(same)) {
          kept.add(same);
        } else {
          unused.remove(file);
          fresh.add(SharedRegion.map(wanted, file));
        }
      }
      List<SharedRegion> now = new ArrayList<>(kept);
      now.addAll(fresh);
      checkOverlaps(now);
      List<SharedRegion> going = new ArrayList<>(regions);
      going.removeAll(kept);
      use(now, fresh);
      return new Change(going);
    } catch (SessionException e) {
      fresh.forEach(SharedRegion::close);
      throw e;
    } finally {
      unused.forEach(FileDescriptor::close);
    }
  }

  /**
   * Adds a region (ADD_MEM_REG).
   *
   * @param file belongs to this from now on
   */
  void add(MemoryRegion wanted, FileDescriptor file) throws SessionException {
    if (regions.size() >= Limits.MAX_MEMORY_SLOTS) {
      file.close();
      throw new SessionException("more than " + Limits.MAX_MEMORY_SLOTS + " memory regions");
    }
    SharedRegion fresh = SharedRegion.map(wanted, file);
    List<SharedRegion> now = new ArrayList<>(regions);
    now.add(fresh);
    try {
      checkOverlaps(now);
    } catch (SessionException e) {
      fresh.close();
      throw e;
    }
    use(now, List.of(fresh));
  }

  /** Takes a region out of the map (REM_MEM_REG). */
  Change remove(MemoryRegion gone) throws SessionException {
    for (SharedRegion region : regions) {
      if (region.isNamedBy(gone)) {
        List<SharedRegion> now = new ArrayList<>(regions);
        now.remove(region);
        use(now, List.of());
        return new Change(List.of(region));
      }
    }
    throw new SessionException("REM_MEM_REG names no region there is: " + gone);
  }

  private void use(List<SharedRegion> now, List<SharedRegion> fresh) {
    regions = List.copyOf(now);
    map = new GuestMemoryMap(regions.stream().map(SharedRegion::guest).toList());
    fresh.forEach(region -> device.memoryAdded(region.mappedAddress(), region.mappedBytes()));
  }

  private static void checkOverlaps(List<SharedRegion> all) throws SessionException {
    for (int i = 0; i < all.size(); i++) {
      GuestRegion one = all.get(i).guest();
      for (int j = i + 1; j < all.size(); j++) {
        if (one.overlaps(all.get(j).guest())) {
          throw new SessionException(
              "memory regions " + all.get(i).region() + " and " + all.get(j).region() + " overlap");
        }
      }
    }
  }

  private void unmap(SharedRegion region) {
    device.memoryRemoved(region.mappedAddress(), region.mappedBytes());
    region.close();
  }

  /** Unmaps everything. Nothing points there any more. */
  @Override
  public void close() {
    List<SharedRegion> all = regions;
    regions = List.of();
    map = GuestMemoryMap.EMPTY;
    all.forEach(this::unmap);
  }
}
