/** The vhost-user protocol: messages, channel, sessions, server (docs/interop/vhost-user.rst). */
module io.millrace.vhost.user {
  requires static transitive org.jspecify;
  requires transitive io.millrace.linux;
  requires org.newsclub.net.unix;

  exports io.millrace.vhost.user;
}
