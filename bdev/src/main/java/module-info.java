/** The block device layer: bdevs, their channels, and the modules that make them. */
module io.millrace.bdev {
  requires static transitive org.jspecify;
  requires transitive io.millrace.reactor;
  requires transitive io.millrace.rpc;
  requires org.slf4j;

  exports io.millrace.bdev;
  exports io.millrace.bdev.rpc;
  exports io.millrace.bdev.file;
  exports io.millrace.bdev.stacked;
}
