package io.millrace.vhost.user.server;

import io.millrace.reactor.FdWatch;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.BackendMessage;
import io.millrace.vhost.user.BackendMessageCodec;
import io.millrace.vhost.user.MessageChannel;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The socket for our own requests (SET_BACKEND_REQ_FD). What a front-end that does not read leaves
 * no room for is sent as soon as there is some. Control thread.
 */
final class BackendChannel implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BackendChannel.class);

  private final String sessionName;
  private final Reactor control;
  private final MessageChannel channel;
  private @Nullable FdWatch watch; // while something waits for room
  private boolean closed;

  /**
   * A channel.
   *
   * @param channel belongs to this from now on
   */
  BackendChannel(String sessionName, Reactor control, MessageChannel channel) {
    this.sessionName = sessionName;
    this.control = control;
    this.channel = channel;
  }

  /** Tells the driver that the device's configuration changed. */
  void configChanged() {
    if (closed || channel.wantsWrite()) {
      return; // what waits says the same, and whoever gets it reads what there is then
    }
    try {
      channel.send(BackendMessageCodec.encode(new BackendMessage.ConfigChange(), false), List.of());
      if (channel.wantsWrite()) {
        FdWatch room = control.watch(channel.descriptorNumber(), this::ready);
        watch = room;
        room.wantWrite(true);
      }
    } catch (IOException | IllegalStateException e) {
      lost(e.getMessage());
    }
  }

  private void ready(boolean readable, boolean writable) {
    if (!writable) { // nothing was asked: reported for ever, if it stayed
      lost("the front-end closed the channel, or sends on it");
      return;
    }
    try {
      channel.flush();
      if (!channel.wantsWrite()) {
        unwatch();
      }
    } catch (IOException e) {
      lost(e.getMessage());
    }
  }

  private void lost(@Nullable String why) {
    LOG.warn("{}: the driver cannot be told of its new configuration: {}", sessionName, why);
    close();
  }

  private void unwatch() {
    FdWatch open = watch;
    watch = null;
    if (open != null) {
      open.close();
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      unwatch();
      channel.close();
    }
  }
}
