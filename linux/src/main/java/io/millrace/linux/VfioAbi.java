package io.millrace.linux;

/** Numbers of {@code linux/vfio.h}; {@code VfioAbiTest} checks them against the header. */
final class VfioAbi {
  static final int API_VERSION = 0;
  static final int TYPE1_IOMMU = 1;
  static final int TYPE1V2_IOMMU = 3;

  static final int GET_API_VERSION = 0x3b64;
  static final int CHECK_EXTENSION = 0x3b65;
  static final int SET_IOMMU = 0x3b66;
  static final int GROUP_GET_STATUS = 0x3b67;
  static final int GROUP_SET_CONTAINER = 0x3b68;
  static final int GROUP_GET_DEVICE_FD = 0x3b6a;
  static final int DEVICE_GET_INFO = 0x3b6b;
  static final int DEVICE_GET_REGION_INFO = 0x3b6c;
  static final int DEVICE_GET_IRQ_INFO = 0x3b6d;
  static final int DEVICE_SET_IRQS = 0x3b6e;
  static final int DEVICE_RESET = 0x3b6f;
  static final int IOMMU_GET_INFO = 0x3b70;
  static final int IOMMU_MAP_DMA = 0x3b71;
  static final int IOMMU_UNMAP_DMA = 0x3b72;

  /** Every structure starts with its own length. */
  static final int ARGSZ = 0;

  /** And has its flags next. */
  static final int FLAGS = 4;

  /** {@code struct vfio_info_cap_header}: id, version, offset of the next. */
  static final int CAP_HEADER_BYTES = 8;

  static final int CAP_NEXT = 4;

  static final int GROUP_STATUS_BYTES = 8;
  static final int GROUP_VIABLE = 1;

  static final int DEVICE_FLAGS_RESET = 1;
  static final int DEVICE_FLAGS_PCI = 2;

  static final int REGION_FLAGS_MMAP = 4;
  static final int REGION_FLAGS_CAPS = 8;
  static final int REGION_INDEX = 8;
  static final int REGION_CAP_OFFSET = 12;
  static final int REGION_SIZE = 16;
  static final int REGION_OFFSET = 24;
  static final int REGION_CAP_SPARSE_MMAP = 1;
  static final int SPARSE_COUNT = 8;
  static final int SPARSE_AREAS = 16;
  static final int CONFIG_REGION = 7;

  static final int IRQ_INFO_EVENTFD = 1;
  static final int IRQ_INFO_INDEX = 8;
  static final int IRQ_INFO_COUNT = 12;

  static final int IRQ_SET_DATA_NONE = 1;
  static final int IRQ_SET_DATA_EVENTFD = 4;
  static final int IRQ_SET_ACTION_TRIGGER = 32;
  static final int IRQ_SET_INDEX = 8;
  static final int IRQ_SET_START = 12;
  static final int IRQ_SET_COUNT = 16;
  static final int IRQ_SET_DATA = 20;

  static final int IOMMU_INFO_CAPS = 2;
  static final int IOMMU_CAP_OFFSET = 16;
  static final int IOMMU_CAP_IOVA_RANGE = 1;
  static final int IOVA_COUNT = 8;
  static final int IOVA_RANGES = 16;

  static final int DMA_MAP_BYTES = 32;
  static final int DMA_MAP_READ = 1;
  static final int DMA_MAP_WRITE = 2;
  static final int DMA_MAP_VADDR = 8;
  static final int DMA_MAP_IOVA = 16;
  static final int DMA_MAP_SIZE = 24;

  static final int DMA_UNMAP_BYTES = 24;
  static final int DMA_UNMAP_IOVA = 8;
  static final int DMA_UNMAP_SIZE = 16;

  private VfioAbi() {}

  /** ioctl(2) of {@code request}: its result, or {@code -errno}. */
  static long ioctl(FileDescriptor fd, int request, long argument) {
    long result;
    do {
      result = Syscall.call(Syscall.IOCTL, fd.number(), request, argument);
    } while (result == -Errno.EINTR.number());
    return result;
  }
}
