/** Poll-mode threads that sleep when idle. */
module io.millrace.reactor {
  requires static transitive org.jspecify;
  requires transitive io.millrace.linux;
  requires transitive io.netty.transport;
  requires io.netty.common;
  requires io.netty.transport.classes.epoll;
  requires io.netty.transport.unix.common;
  requires org.slf4j;

  exports io.millrace.reactor;
}
