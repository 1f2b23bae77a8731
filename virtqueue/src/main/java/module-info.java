/** Virtqueues: guest memory, ring layouts, the device side and the driver side of a queue. */
module io.millrace.virtqueue {
  requires static transitive org.jspecify;
  requires transitive io.millrace.linux;
  requires transitive io.millrace.live.migration;

  exports io.millrace.virtqueue;
}
