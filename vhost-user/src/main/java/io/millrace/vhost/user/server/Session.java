package io.millrace.vhost.user.server;

import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.FileDescriptor;
import io.millrace.reactor.FdWatch;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.FrontendMessageCodec;
import io.millrace.vhost.user.IncomingMessage;
import io.millrace.vhost.user.MessageChannel;
import io.millrace.vhost.user.ProtocolException;
import io.millrace.vhost.user.ReadResult;
import io.millrace.vhost.user.Reply;
import io.millrace.vhost.user.ReplyCodec;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One connected front-end: reads a message, has it done by {@link SessionMessages}, answers, and
 * only then reads the next. Control thread.
 *
 * <p>When it ends, however it ends, the guest's memory is not touched any more: a front-end that
 * comes back takes its rings from where they stand, and two must not write to them.
 */
final class Session {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  /** Most messages in a row: one that never stops sending must not keep the thread. */
  private static final int BATCH = 32;

  private final int id;
  private final String name;
  private final VhostServer server;
  private final MessageChannel channel;
  private final DeviceSession device;
  private final SessionLog log = new SessionLog();
  private final SessionInflight inflight;
  private final SharedMemory memory;
  private final SessionRings rings;
  private final SessionMessages messages;
  private final FdWatch watch;
  private @Nullable BackendChannel backendChannel;
  private boolean busy;
  private boolean stopping;
  private boolean closed;
  private boolean configChangePending;
  private boolean startPending; // rings wait for requests that somebody else has in flight
  private List<FileDescriptor> along = List.of(); // go with the answer that is given next

  Session(int id, VhostServer server, MessageChannel channel) {
    this.id = id;
    this.server = server;
    this.channel = channel;
    VhostDevice offered = server.device();
    Reactor control = server.control();
    this.name = offered.name() + "#" + id;
    this.device = offered.newSession();
    this.memory = new SharedMemory(name, offered, log);
    this.inflight = new SessionInflight(offered.queueCount());
    this.rings = new SessionRings(name, server, device, memory, log, inflight, this::fail);
    MemoryChanges changes = new MemoryChanges(this, control, memory, rings);
    LogMessages logMessages = new LogMessages(this, log, memory, rings);
    this.messages =
        new SessionMessages(this, offered, device, changes, logMessages, inflight, rings);
    this.watch = control.watch(channel.descriptorNumber(), this::ready);
    event("front-end connected");
  }

  private void ready(boolean readable, boolean writable) {
    try {
      if (writable) {
        channel.flush();
      }
      readAll();
      if (!closed && !busy) {
        watch.wantWrite(channel.wantsWrite());
      }
    } catch (IOException e) {
      disconnected("the connection failed: " + e.getMessage());
    }
  }

  private void readAll() {
    for (int i = 0; i < BATCH && !busy && !closed; i++) { // what is left is reported again
      try {
        switch (channel.read()) {
          case ReadResult.Complete complete -> handle(complete.message());
          case ReadResult.Closed ignored -> {
            disconnected("front-end disconnected");
            return;
          }
          case ReadResult.NotYet ignored -> {
            return;
          }
        }
      } catch (ProtocolException e) {
        fail(e.getMessage());
      } catch (IOException e) {
        disconnected("the connection failed: " + e.getMessage());
      }
    }
  }

  private void handle(IncomingMessage incoming) {
    try (incoming) {
      FrontendMessage message =
          FrontendMessageCodec.decode(
              incoming.header(), incoming.payload(), incoming.descriptorCount());
      LOG.debug("{}: {}", name, message);
      boolean acknowledge = incoming.header().needsReply() && messages.acknowledges();
      List<FileDescriptor> descriptors = incoming.takeDescriptors();
      busy = true;
      messages.handle(
          message, acknowledge, descriptors, reply -> finish(message, acknowledge, reply));
      if (busy && !closed) {
        watch.pause(true); // until the reactors have answered
      }
    } catch (ProtocolException | SessionException e) {
      busy = false;
      fail(e.getMessage());
    }
  }

  /** A message is done. */
  private void finish(FrontendMessage message, boolean acknowledge, @Nullable Reply reply) {
    if (closed || stopping) {
      return;
    }
    Reply answer = reply == null && acknowledge ? Reply.Word.OK : reply;
    try {
      if (answer != null) {
        channel.send(ReplyCodec.encode(message.request().code(), answer), along);
      }
    } catch (IOException e) {
      disconnected("the connection failed: " + e.getMessage());
      return;
    } finally {
      along.forEach(FileDescriptor::close);
      along = List.of();
    }
    goOn();
    startPending();
  }

  private void goOn() {
    busy = false;
    if (configChangePending && rings.anyRunning()) {
      configChanged();
    }
    watch.pause(false);
    watch.wantWrite(channel.wantsWrite());
    // What arrived meanwhile is reported again: the watch is level-triggered.
  }

  /** The front-end gave the socket for our own requests (SET_BACKEND_REQ_FD). */
  void backendChannel(FileDescriptor socket) {
    closeBackendChannel();
    backendChannel = new BackendChannel(name, server.control(), MessageChannel.of(socket));
  }

  private void closeBackendChannel() {
    if (backendChannel != null) {
      backendChannel.close();
      backendChannel = null;
    }
  }

  /** Tells the driver that the configuration changed, once the device is not suspended. */
  void configChanged() {
    BackendChannel to = backendChannel;
    if (closed || to == null) {
      return;
    }
    configChangePending = !rings.anyRunning();
    if (!configChangePending) {
      to.configChanged();
    }
  }

  /**
   * Whether rings may start; if not, those that are ready then start when they may. The front-end
   * is not kept waiting: it would stand still as long as somebody else's storage hangs.
   */
  boolean mayStartRings() {
    if (server.isDrained(this)) {
      return true;
    }
    startPending = true;
    return false;
  }

  /** Starts the rings that wait until they may, unless a message is at hand: it does so then. */
  void startPending() {
    if (!startPending || closed || stopping || busy || !server.isDrained(this)) {
      return;
    }
    startPending = false;
    busy = true;
    watch.pause(true);
    messages.startReady(() -> {
      if (!closed && !stopping) {
        goOn();
      }
    });
  }

  /** Looks whether memory of this front-end faults; if so, its session ends. */
  void memoryFault() {
    if (!closed) {
      Stream.of(memory.fault(), log.fault(), inflight.fault())
          .filter(Objects::nonNull)
          .findFirst()
          .ifPresent(this::fail);
    }
  }

  /** Looks whether this front-end keeps a reactor waiting; if so, its session ends. */
  void releaseReactors() {
    String held = rings.releaseHeldUp();
    if (held != null) {
      fail(held);
    }
  }

  /** Ends if the front-end has, although nothing is read from it as long as it waits. */
  void noticeHangUp() {
    if (!closed && DescriptorPassing.isHungUp(channel.descriptorNumber())) {
      disconnected("front-end disconnected");
    }
  }

  /** Whether it has ended. */
  boolean isClosed() {
    return closed;
  }

  private void event(String what) {
    LOG.atLevel(server.isQuiet() ? Level.DEBUG : Level.INFO).log("{}: {}", name, what);
  }

  private void disconnected(String how) {
    if (!closed) {
      event(how);
      close();
    }
  }

  /** Ends the session, which did what cannot be. */
  void fail(@Nullable String why) {
    if (!closed) {
      LOG.warn("{}: {}; closing the session", name, why);
      close();
    }
  }

  /** Has descriptors go with the answer that is given next; they belong to this from now on. */
  void sendAlong(List<FileDescriptor> descriptors) {
    along = descriptors;
  }

  /** What may be refused without ending the session. */
  interface Refusable {
    void run() throws SessionException;
  }

  /**
   * Does what may be refused without ending the session, if the front-end learns of that. A refusal
   * changes nothing.
   *
   * @param acknowledge whether it does
   * @param done gets the answer of a refusal
   */
  void refusable(boolean acknowledge, Consumer<@Nullable Reply> done, Refusable action)
      throws SessionException {
    try {
      action.run();
    } catch (SessionException e) {
      if (!acknowledge) {
        throw e;
      }
      LOG.warn("{}: {}; refused", name, e.getMessage());
      done.accept(Reply.Word.FAILED);
    }
  }

  /** Stops all rings in order, so that the guest sees what it was promised, then ends. */
  void shutDown() {
    if (!closed) {
      stopping = true;
      busy = true;
      watch.pause(true);
      rings.stopAll(this::close);
    }
  }

  /** Ends the session; it is gone when the server hears of it. */
  void close() {
    if (closed) {
      return;
    }
    closed = true;
    watch.close();
    channel.close();
    closeBackendChannel();
    server.sessionEnding(this);
    rings.abandonAll(() -> {
      memory.close();
      log.close();
      inflight.close();
      device.closed();
      server.sessionEnded(this);
    });
  }

  List<MovableRing> movableRings() {
    return rings.movable();
  }

  SessionInfo info() {
    return new SessionInfo(id, name, rings.anyRunning(), rings.all().size(), rings.inFlight());
  }

  @Override
  public String toString() {
    return name;
  }
}
