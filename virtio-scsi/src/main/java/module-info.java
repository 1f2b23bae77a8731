/** The virtio-scsi device: its queues to a SCSI target and back (virtio 1.3 §5.6). */
module io.millrace.virtio.scsi {
  requires static transitive org.jspecify;
  requires transitive io.millrace.scsi;
  requires transitive io.millrace.vhost.user;
  requires transitive io.millrace.rpc;
  requires org.slf4j;

  exports io.millrace.virtio.scsi;
  exports io.millrace.virtio.scsi.rpc;
}
