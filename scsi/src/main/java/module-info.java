/**
 * A SCSI target with no transport in it: commands to bdev operations and back (SAM-6, SPC-5,
 * SBC-4).
 */
module io.millrace.scsi {
  requires static transitive org.jspecify;
  requires transitive io.millrace.bdev;
  requires transitive io.millrace.rpc;
  requires org.slf4j;

  exports io.millrace.scsi;
}
