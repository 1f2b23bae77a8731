/** The program: command line, wiring, life cycle. Nothing depends on it. */
module io.millrace.server {
  requires static transitive org.jspecify;
  requires info.picocli;
  requires io.millrace.initiator;
  requires io.millrace.rpc;
  requires io.millrace.virtio.blk;
  requires jdk.unsupported;
  requires org.slf4j;

  opens io.millrace.server to
      info.picocli;
}
