/** The userspace NVMe driver: from a PCI function to bdevs of its namespaces. */
module io.millrace.nvme {
  requires static transitive org.jspecify;
  requires transitive io.millrace.bdev;
  requires transitive io.millrace.linux;
  requires transitive io.millrace.rpc;
  requires org.slf4j;

  exports io.millrace.nvme;
  exports io.millrace.nvme.bdev;
  exports io.millrace.nvme.pci;
  exports io.millrace.nvme.qtest;
  exports io.millrace.nvme.rpc;
}
