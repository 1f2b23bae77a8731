/**
 * JSON-RPC 2.0 over a Unix socket, the registry of methods behind it, the configuration file, and
 * the state directory.
 */
module io.millrace.rpc {
  requires static transitive org.jspecify;
  requires transitive io.millrace.linux;
  requires transitive io.netty.transport;
  requires transitive tools.jackson.databind;
  requires io.netty.buffer;
  requires io.netty.common;
  requires io.netty.transport.classes.epoll;
  requires io.netty.transport.unix.common;
  requires org.slf4j;
  requires tools.jackson.core;

  exports io.millrace.rpc;
  exports io.millrace.rpc.state;
}
