package io.millrace.vhost.user.server;

import io.millrace.linux.FileDescriptor;
import io.millrace.vhost.user.Limits;
import io.millrace.vhost.user.MemoryRegion;
import io.millrace.virtqueue.GuestMemoryMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory one front-end shares. A change gives a {@link Change}: the new map is used at once,
 * the regions that go are unmapped when no request points into them any more.
 */
final class SharedMemory implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SharedMemory.class);

  private final String sessionName;
  private final VhostDevice device;
  private final SessionLog log;
  private List<SharedRegion> regions = List.of();
  private List<SharedRegion> going = List.of(); // out of the map and still mapped
  private GuestMemoryMap map = GuestMemoryMap.EMPTY;
  private boolean warned;

  SharedMemory(String sessionName, VhostDevice device, SessionLog log) {
    this.sessionName = sessionName;
    this.device = device;
    this.log = log;
  }

  /** Regions that a change took out of the map and that are still mapped. */
  final class Change {
    private final List<SharedRegion> gone;

    private Change(List<SharedRegion> gone) {
      this.gone = gone;
      going = gone;
    }

    /** Where nothing may point any more before {@link #finish}. */
    GoingMemory going() {
      return new GoingMemory(gone.stream().map(SharedRegion::guest).toList());
    }

    /** Unmaps what went. Nothing points there any more. */
    void finish() {
      going = List.of();
      gone.forEach(SharedMemory.this::unmap);
    }

    @Override
    public String toString() {
      String first = "memory region " + gone.getFirst().region();
      return gone.size() == 1 ? first : first + " and " + (gone.size() - 1) + " more";
    }
  }

  GuestMemoryMap map() {
    return map;
  }

  /** Whether touching some of it can fault. */
  boolean mayVanish() {
    return regions.stream().anyMatch(SharedRegion::mayVanish);
  }

  /** Why touching some of it faults; null if nothing does. */
  @Nullable String fault() {
    return Stream.concat(regions.stream(), going.stream())
        .map(SharedRegion::fault)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
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
      for (SharedRegion region : fresh) {
        refuseOverlap(region, now);
        now.add(region);
      }
      List<SharedRegion> gone = new ArrayList<>(regions);
      gone.removeAll(kept);
      use(now, fresh);
      return new Change(gone);
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
    try {
      refuseOverlap(fresh, regions);
      List<SharedRegion> now = new ArrayList<>(regions);
      now.add(fresh);
      use(now, List.of(fresh));
    } catch (SessionException e) {
      fresh.close();
      throw e;
    }
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

  private void use(List<SharedRegion> now, List<SharedRegion> fresh) throws SessionException {
    GuestMemoryMap next = new GuestMemoryMap(now.stream().map(SharedRegion::guest).toList());
    log.refuseBeyond(next);
    regions = List.copyOf(now);
    map = next;
    fresh.forEach(region -> device.memoryAdded(region.mappedAddress(), region.mappedBytes()));
    if (!warned && fresh.stream().anyMatch(SharedRegion::isOnDisk)) {
      warned = true;
      LOG.warn(
          "{}: its memory is in files on a disk: whoever first touches a page waits for that disk,"
              + " and all disks on the same core with it; use a memfd, /dev/shm or hugetlbfs",
          sessionName);
    }
  }

  private static void refuseOverlap(SharedRegion fresh, List<SharedRegion> others)
      throws SessionException {
    for (SharedRegion other : others) {
      if (fresh.guest().overlaps(other.guest())) {
        throw new SessionException(
            "memory regions " + other.region() + " and " + fresh.region() + " overlap");
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
