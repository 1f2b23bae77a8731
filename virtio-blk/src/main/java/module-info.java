/** virtio-blk requests to bdev operations and back (virtio 1.3 §5.2). */
module io.millrace.virtio.blk {
  requires static transitive org.jspecify;
  requires transitive io.millrace.bdev;
  requires transitive io.millrace.vhost.user;
  requires transitive io.millrace.rpc;
  requires org.slf4j;

  exports io.millrace.virtio.blk;
  exports io.millrace.virtio.blk.rpc;
}
