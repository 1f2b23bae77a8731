/** The other end of vhost-user: front-end, virtio-blk driver, load generator. */
module io.millrace.initiator {
  requires static transitive org.jspecify;
  requires transitive io.millrace.linux;
  requires transitive io.millrace.virtqueue;
  requires transitive io.millrace.vhost.user;

  exports io.millrace.initiator;
}
