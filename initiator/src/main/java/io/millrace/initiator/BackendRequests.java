package io.millrace.initiator;

import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.SocketPair;
import io.millrace.vhost.user.BackendMessage;
import io.millrace.vhost.user.BackendMessageCodec;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.IncomingMessage;
import io.millrace.vhost.user.MessageChannel;
import io.millrace.vhost.user.ProtocolException;
import io.millrace.vhost.user.ReadResult;
import io.millrace.vhost.user.Reply;
import io.millrace.vhost.user.ReplyCodec;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The socket over which a back-end sends requests of its own (BACKEND_REQ). */
final class BackendRequests implements AutoCloseable {
  private final String name;
  private final MessageChannel channel;

  private BackendRequests(String name, MessageChannel channel) {
    this.name = name;
    this.channel = channel;
  }

  /** Makes such a socket and gives the back-end its end. */
  static BackendRequests open(Frontend frontend) throws InitiatorException {
    String name = frontend.connection().name();
    try {
      List<FileDescriptor> ends = SocketPair.create();
      BackendRequests ours = new BackendRequests(name, MessageChannel.of(ends.getFirst()));
      try (FileDescriptor theirs = ends.getLast()) {
        frontend.tell(new FrontendMessage.SetBackendReqFd(), List.of(theirs));
        return ours;
      } catch (InitiatorException e) {
        ours.close();
        throw e;
      }
    } catch (LinuxException e) {
      throw new InitiatorException(Kind.UNSUPPORTED, name + ": " + e.getMessage(), e);
    }
  }

  /** Looks for a request, and acknowledges it if it wants that; descriptors are closed. */
  Optional<BackendMessage> next() throws InitiatorException {
    try {
      if (!(channel.read() instanceof ReadResult.Complete complete)) {
        return Optional.empty();
      }
      try (IncomingMessage incoming = complete.message()) {
        BackendMessage message =
            BackendMessageCodec.decode(
                incoming.header(), incoming.payload(), incoming.descriptorCount());
        if (incoming.header().needsReply()) {
          channel.send(ReplyCodec.encode(message.request().code(), Reply.Word.OK), List.of());
        }
        return Optional.of(message);
      }
    } catch (ProtocolException e) {
      throw new InitiatorException(Kind.PROTOCOL, name + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new InitiatorException(Kind.CLOSED, name + ": " + e.getMessage(), e);
    }
  }

  int descriptorNumber() {
    return channel.descriptorNumber();
  }

  @Override
  public void close() {
    channel.close();
  }
}
