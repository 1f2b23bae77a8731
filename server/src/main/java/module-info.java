/** The program: command line, wiring, life cycle. Nothing depends on it. */
module io.millrace.server {
  requires static transitive org.jspecify;
  requires ch.qos.logback.classic;
  requires ch.qos.logback.core;
  requires info.picocli;
  requires io.millrace.initiator;
  requires io.millrace.nvme;
  requires io.millrace.rpc;
  requires io.millrace.virtio.blk;
  requires io.millrace.virtio.scsi;
  requires java.management;
  requires jdk.httpserver;
  requires jdk.management;
  requires jdk.unsupported;
  requires org.jline.terminal;
  requires org.jline.terminal.ffm;
  requires org.slf4j;

  provides ch.qos.logback.classic.spi.Configurator with
      io.millrace.server.LogConfigurator;

  opens io.millrace.server to
      info.picocli;
}
