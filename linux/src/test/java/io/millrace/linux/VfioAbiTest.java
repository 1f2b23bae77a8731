package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every number and offset of VFIO's interface, against {@code linux/vfio.h}. */
class VfioAbiTest {
  private static final String TYPE1_INFO = "struct vfio_iommu_type1_info";
  private static final String RANGES = "struct vfio_iommu_type1_info_cap_iova_range";
  private static final String SPARSE = "struct vfio_region_info_cap_sparse_mmap";
  private static final String IRQ_SET = "struct vfio_irq_set";

  @TempDir Path directory;

  private final Map<String, Long> expected = new LinkedHashMap<>();

  @Test
  void everyNumberIsThatOfTheHeader() throws Exception {
    calls();
    deviceStructures();
    memoryStructures();

    Map<String, Long> actual = new CHeaders(directory).valuesOf(expected.keySet());

    assertThat(actual).containsExactlyInAnyOrderEntriesOf(expected);
  }

  private void calls() {
    expect("VFIO_API_VERSION", VfioAbi.API_VERSION);
    expect("VFIO_TYPE1_IOMMU", VfioAbi.TYPE1_IOMMU);
    expect("VFIO_TYPE1v2_IOMMU", VfioAbi.TYPE1V2_IOMMU);
    expect("VFIO_GET_API_VERSION", VfioAbi.GET_API_VERSION);
    expect("VFIO_CHECK_EXTENSION", VfioAbi.CHECK_EXTENSION);
    expect("VFIO_SET_IOMMU", VfioAbi.SET_IOMMU);
    expect("VFIO_GROUP_GET_STATUS", VfioAbi.GROUP_GET_STATUS);
    expect("VFIO_GROUP_SET_CONTAINER", VfioAbi.GROUP_SET_CONTAINER);
    expect("VFIO_GROUP_GET_DEVICE_FD", VfioAbi.GROUP_GET_DEVICE_FD);
    expect("VFIO_DEVICE_GET_INFO", VfioAbi.DEVICE_GET_INFO);
    expect("VFIO_DEVICE_GET_REGION_INFO", VfioAbi.DEVICE_GET_REGION_INFO);
    expect("VFIO_DEVICE_GET_IRQ_INFO", VfioAbi.DEVICE_GET_IRQ_INFO);
    expect("VFIO_DEVICE_SET_IRQS", VfioAbi.DEVICE_SET_IRQS);
    expect("VFIO_DEVICE_RESET", VfioAbi.DEVICE_RESET);
    expect("VFIO_IOMMU_GET_INFO", VfioAbi.IOMMU_GET_INFO);
    expect("VFIO_IOMMU_MAP_DMA", VfioAbi.IOMMU_MAP_DMA);
    expect("VFIO_IOMMU_UNMAP_DMA", VfioAbi.IOMMU_UNMAP_DMA);
    expect("sizeof(struct vfio_info_cap_header)", VfioAbi.CAP_HEADER_BYTES);
    offset("struct vfio_info_cap_header", "id", 0);
    offset("struct vfio_info_cap_header", "next", VfioAbi.CAP_NEXT);
    expect("sizeof(struct vfio_group_status)", VfioAbi.GROUP_STATUS_BYTES);
    expect("VFIO_GROUP_FLAGS_VIABLE", VfioAbi.GROUP_VIABLE);
    for (String struct :
        new String[] {
          "struct vfio_group_status",
          "struct vfio_device_info",
          "struct vfio_region_info",
          "struct vfio_irq_info",
          "struct vfio_irq_set",
          TYPE1_INFO,
          "struct vfio_iommu_type1_dma_map",
          "struct vfio_iommu_type1_dma_unmap"
        }) {
      offset(struct, "argsz", VfioAbi.ARGSZ);
      offset(struct, "flags", VfioAbi.FLAGS);
    }
  }

  private void deviceStructures() {
    expect("VFIO_DEVICE_FLAGS_RESET", VfioAbi.DEVICE_FLAGS_RESET);
    expect("VFIO_DEVICE_FLAGS_PCI", VfioAbi.DEVICE_FLAGS_PCI);
    offset("struct vfio_region_info", "index", VfioAbi.REGION_INDEX);
    offset("struct vfio_region_info", "cap_offset", VfioAbi.REGION_CAP_OFFSET);
    offset("struct vfio_region_info", "size", VfioAbi.REGION_SIZE);
    offset("struct vfio_region_info", "offset", VfioAbi.REGION_OFFSET);
    expect("VFIO_REGION_INFO_FLAG_MMAP", VfioAbi.REGION_FLAGS_MMAP);
    expect("VFIO_REGION_INFO_FLAG_CAPS", VfioAbi.REGION_FLAGS_CAPS);
    expect("VFIO_REGION_INFO_CAP_SPARSE_MMAP", VfioAbi.REGION_CAP_SPARSE_MMAP);
    expect("VFIO_PCI_CONFIG_REGION_INDEX", VfioAbi.CONFIG_REGION);
    offset(SPARSE, "nr_areas", VfioAbi.SPARSE_COUNT);
    offset(SPARSE, "areas", VfioAbi.SPARSE_AREAS);
    expect("sizeof(struct vfio_region_sparse_mmap_area)", 2 * Long.BYTES);
    offset("struct vfio_region_sparse_mmap_area", "size", Long.BYTES);
    offset("struct vfio_irq_info", "index", VfioAbi.IRQ_INFO_INDEX);
    offset("struct vfio_irq_info", "count", VfioAbi.IRQ_INFO_COUNT);
    expect("VFIO_IRQ_INFO_EVENTFD", VfioAbi.IRQ_INFO_EVENTFD);
    expect("VFIO_PCI_MSI_IRQ_INDEX", VfioDevice.MSI);
    expect("VFIO_PCI_MSIX_IRQ_INDEX", VfioDevice.MSIX);
    expect("VFIO_PCI_REQ_IRQ_INDEX", VfioDevice.REQUEST);
    expect("VFIO_IRQ_SET_DATA_NONE", VfioAbi.IRQ_SET_DATA_NONE);
    expect("VFIO_IRQ_SET_DATA_EVENTFD", VfioAbi.IRQ_SET_DATA_EVENTFD);
    expect("VFIO_IRQ_SET_ACTION_TRIGGER", VfioAbi.IRQ_SET_ACTION_TRIGGER);
    offset(IRQ_SET, "index", VfioAbi.IRQ_SET_INDEX);
    offset(IRQ_SET, "start", VfioAbi.IRQ_SET_START);
    offset(IRQ_SET, "count", VfioAbi.IRQ_SET_COUNT);
    offset(IRQ_SET, "data", VfioAbi.IRQ_SET_DATA);
  }

  private void memoryStructures() {
    offset(TYPE1_INFO, "cap_offset", VfioAbi.IOMMU_CAP_OFFSET);
    expect("VFIO_IOMMU_INFO_CAPS", VfioAbi.IOMMU_INFO_CAPS);
    expect("VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE", VfioAbi.IOMMU_CAP_IOVA_RANGE);
    offset(RANGES, "nr_iovas", VfioAbi.IOVA_COUNT);
    offset(RANGES, "iova_ranges", VfioAbi.IOVA_RANGES);
    expect("sizeof(struct vfio_iova_range)", 2 * Long.BYTES);
    offset("struct vfio_iova_range", "end", Long.BYTES);
    String map = "struct vfio_iommu_type1_dma_map";
    expect("sizeof(" + map + ")", VfioAbi.DMA_MAP_BYTES);
    expect("VFIO_DMA_MAP_FLAG_READ", VfioAbi.DMA_MAP_READ);
    expect("VFIO_DMA_MAP_FLAG_WRITE", VfioAbi.DMA_MAP_WRITE);
    offset(map, "vaddr", VfioAbi.DMA_MAP_VADDR);
    offset(map, "iova", VfioAbi.DMA_MAP_IOVA);
    offset(map, "size", VfioAbi.DMA_MAP_SIZE);
    String unmap = "struct vfio_iommu_type1_dma_unmap";
    expect("sizeof(" + unmap + ")", VfioAbi.DMA_UNMAP_BYTES);
    offset(unmap, "iova", VfioAbi.DMA_UNMAP_IOVA);
    offset(unmap, "size", VfioAbi.DMA_UNMAP_SIZE);
  }

  private void offset(String struct, String field, int offset) {
    expect("offsetof(" + struct + ", " + field + ")", offset);
  }

  private void expect(String expression, long value) {
    expected.put(expression, value);
  }
}
