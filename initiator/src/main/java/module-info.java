/**
 * The other end of vhost-user: front-end, drivers, load generator, other servers' disks as bdevs.
 */
@SuppressWarnings("requires-automatic") // HdrHistogram; the distribution gives it a descriptor
module io.millrace.initiator {
  requires static transitive org.jspecify;
  requires transitive io.millrace.linux;
  requires transitive io.millrace.virtqueue;
  requires transitive io.millrace.vhost.user;
  requires transitive io.millrace.bdev;
  requires tools.jackson.databind;
  requires HdrHistogram;
  requires org.slf4j;

  exports io.millrace.initiator;
  exports io.millrace.initiator.bdev;
  exports io.millrace.initiator.perf;
  exports io.millrace.initiator.rpc;
}
