/** The vhost-user protocol: messages, channel, sessions, server (docs/interop/vhost-user.rst). */
module io.millrace.vhost.user {
  requires static transitive org.jspecify;
  requires transitive io.millrace.reactor;
  requires transitive io.millrace.rpc;
  requires transitive io.millrace.virtqueue;
  requires org.newsclub.net.unix;
  requires jdk.jfr;
  requires org.slf4j;

  exports io.millrace.vhost.user;
  exports io.millrace.vhost.user.rpc;
  exports io.millrace.vhost.user.server;
}
