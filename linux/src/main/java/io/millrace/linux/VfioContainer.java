package io.millrace.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The address space of the devices of one or more IOMMU groups: VFIO's container, with the kernel's
 * type 1 IOMMU. What is mapped here, every device of these groups reaches. Control thread.
 */
public final class VfioContainer implements AutoCloseable {
  private static final Path FILE = Path.of("/dev/vfio/vfio");

  /**
   * What every IOMMU of x86 has, for kernels before 5.4, which do not say: the narrowest is 39 bits
   * wide, and the addresses in the middle are those of interrupts.
   */
  private static final List<IovaRange> USUAL_RANGES =
      List.of(new IovaRange(0, 0xfedf_ffffL), new IovaRange(0xfef0_0000L, (1L << 39) - 1));

  private final FileDescriptor fd;
  private final int type;
  private boolean typeSet; // possible only once a group is in it

  private VfioContainer(FileDescriptor fd, int type) {
    this.fd = fd;
    this.type = type;
  }

  /**
   * An empty one, owned by the caller.
   *
   * @throws LinuxException ENOENT without the module vfio; EOPNOTSUPP when its API is another or
   *     there is no type 1 IOMMU
   */
  public static VfioContainer open() throws LinuxException {
    FileDescriptor fd = LinuxFiles.open(FILE, OpenFlag.READ_WRITE);
    try {
      long version = VfioAbi.ioctl(fd, VfioAbi.GET_API_VERSION, 0);
      if (version != VfioAbi.API_VERSION) {
        throw new LinuxException(
            "use version " + version + " of " + FILE, Errno.EOPNOTSUPP.number());
      }
      return new VfioContainer(fd, type(fd));
    } catch (LinuxException e) {
      fd.close();
      throw e;
    }
  }

  private static int type(FileDescriptor fd) throws LinuxException {
    // Version 2 unmaps exactly what was mapped; both are used alike here.
    for (int type : new int[] {VfioAbi.TYPE1V2_IOMMU, VfioAbi.TYPE1_IOMMU}) {
      if (VfioAbi.ioctl(fd, VfioAbi.CHECK_EXTENSION, type) > 0) {
        return type;
      }
    }
    throw new LinuxException("find a type 1 IOMMU behind " + FILE, Errno.EOPNOTSUPP.number());
  }

  /**
   * Takes a group in. It leaves when its descriptor and those of its devices are closed.
   *
   * @throws LinuxException EINVAL also when its devices cannot reach what is mapped already
   */
  public void add(VfioGroup group) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long number = arena.allocateFrom(JAVA_INT, fd.number()).address();
      long added = VfioAbi.ioctl(group.descriptor(), VfioAbi.GROUP_SET_CONTAINER, number);
      LinuxException.check(added, "add to a VFIO container", group);
    }
    if (!typeSet) {
      LinuxException.check(
          VfioAbi.ioctl(fd, VfioAbi.SET_IOMMU, type), "choose the IOMMU type for", group);
      typeSet = true;
    }
  }

  /**
   * Where {@link #map} can put things, ascending; with each group that is added there may be less.
   * At least one group is in it.
   */
  public List<IovaRange> ranges() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      VfioInfo info = VfioInfo.ask(arena, fd, VfioAbi.IOMMU_GET_INFO, 0, "what the IOMMU can");
      return ranges(info);
    }
  }

  static List<IovaRange> ranges(VfioInfo info) {
    boolean hasCapabilities = (info.flags() & VfioAbi.IOMMU_INFO_CAPS) != 0;
    int first = hasCapabilities ? info.getInt(VfioAbi.IOMMU_CAP_OFFSET) : 0;
    List<long[]> pairs =
        info.pairs(first, VfioAbi.IOMMU_CAP_IOVA_RANGE, VfioAbi.IOVA_COUNT, VfioAbi.IOVA_RANGES);
    if (pairs == null) {
      return USUAL_RANGES;
    }
    List<IovaRange> ranges = new ArrayList<>();
    for (long[] pair : pairs) {
      ranges.add(new IovaRange(pair[0], pair[1]));
    }
    return ranges;
  }

  /**
   * Lets the devices read and write memory of this process, and pins it.
   *
   * @param address host address, page-aligned
   * @param iova where the devices see it, page-aligned, inside one of {@link #ranges}
   * @param bytes whole pages
   * @throws LinuxException ENOMEM when more is locked than RLIMIT_MEMLOCK allows, or there is no
   *     memory; ENOSPC when there are too many mappings; EFAULT when nothing is mapped there
   */
  public void map(long address, long iova, long bytes) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long map = arena.allocate(VfioAbi.DMA_MAP_BYTES, Long.BYTES).address();
      RawMemory.putInt(map + VfioAbi.ARGSZ, VfioAbi.DMA_MAP_BYTES);
      RawMemory.putInt(map + VfioAbi.FLAGS, VfioAbi.DMA_MAP_READ | VfioAbi.DMA_MAP_WRITE);
      RawMemory.putLong(map + VfioAbi.DMA_MAP_VADDR, address);
      RawMemory.putLong(map + VfioAbi.DMA_MAP_IOVA, iova);
      RawMemory.putLong(map + VfioAbi.DMA_MAP_SIZE, bytes);
      long result = VfioAbi.ioctl(fd, VfioAbi.IOMMU_MAP_DMA, map);
      LinuxException.check(result, "map for DMA", bytes + " bytes");
    }
  }

  /**
   * The devices reach that memory no longer; it is unpinned.
   *
   * @param iova as it was mapped
   * @param bytes as it was mapped
   */
  public void unmap(long iova, long bytes) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long unmap = arena.allocate(VfioAbi.DMA_UNMAP_BYTES, Long.BYTES).address();
      RawMemory.putInt(unmap + VfioAbi.ARGSZ, VfioAbi.DMA_UNMAP_BYTES);
      RawMemory.putInt(unmap + VfioAbi.FLAGS, 0);
      RawMemory.putLong(unmap + VfioAbi.DMA_UNMAP_IOVA, iova);
      RawMemory.putLong(unmap + VfioAbi.DMA_UNMAP_SIZE, bytes);
      long result = VfioAbi.ioctl(fd, VfioAbi.IOMMU_UNMAP_DMA, unmap);
      LinuxException.check(result, "unmap from DMA", bytes + " bytes");
    }
  }

  /** Gives all up: what is mapped here, no device reaches any more. */
  @Override
  public void close() {
    fd.close();
  }
}
