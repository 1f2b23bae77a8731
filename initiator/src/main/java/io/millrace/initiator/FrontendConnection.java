package io.millrace.initiator;

import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.linux.FileDescriptor;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.FrontendMessageCodec;
import io.millrace.vhost.user.IncomingMessage;
import io.millrace.vhost.user.MessageChannel;
import io.millrace.vhost.user.ProtocolException;
import io.millrace.vhost.user.Reply;
import io.millrace.vhost.user.ReplyCodec;
import io.millrace.vhost.user.VhostSocket;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Requests and their answers, one after the other, over a vhost-user socket. Blocks; one thread at
 * a time. Knows nothing of features: the caller says what has an answer.
 */
public final class FrontendConnection implements AutoCloseable {
  private static final long RETRY_NANOS = 5_000_000;

  private final String name;
  private final MessageChannel channel;
  private final long timeoutNanos;

  private FrontendConnection(String name, MessageChannel channel, Duration timeout) {
    this.name = name;
    this.channel = channel;
    this.timeoutNanos = timeout.toNanos();
  }

  /**
   * Connects.
   *
   * @param socket path of the back-end's socket
   * @param within how long to try again while nobody listens
   * @param timeout most to wait for one answer
   */
  public static FrontendConnection open(Path socket, Duration within, Duration timeout)
      throws InitiatorException {
    long deadline = System.nanoTime() + within.toNanos();
    while (true) {
      try {
        return new FrontendConnection(socket.toString(), MessageChannel.connect(socket), timeout);
      } catch (IOException e) {
        if (System.nanoTime() - deadline >= 0) {
          throw new InitiatorException(
              Kind.UNREACHABLE, socket + ": cannot connect: " + e.getMessage(), e);
        }
        LockSupport.parkNanos(RETRY_NANOS);
      }
    }
  }

  /**
   * Waits for a back-end that connects.
   *
   * @param listener stays the caller's
   * @param within how long to wait for it
   * @param timeout most to wait for one answer
   */
  public static FrontendConnection accept(VhostSocket listener, Duration within, Duration timeout)
      throws InitiatorException {
    long deadline = System.nanoTime() + within.toNanos();
    String name = listener.path().toString();
    while (true) {
      try {
        MessageChannel connected = listener.accept();
        if (connected != null) {
          return new FrontendConnection(name, connected, timeout);
        }
      } catch (IOException e) {
        throw new InitiatorException(
            Kind.UNREACHABLE, name + ": cannot accept: " + e.getMessage(), e);
      }
      if (System.nanoTime() - deadline >= 0) {
        throw new InitiatorException(Kind.UNREACHABLE, name + ": no back-end connects");
      }
      LockSupport.parkNanos(RETRY_NANOS);
    }
  }

  /** Path of the socket, for messages. */
  public String name() {
    return name;
  }

  /** The socket's descriptor, to see the back-end hang up; it stays the connection's. */
  public int descriptorNumber() {
    return channel.descriptorNumber();
  }

  /**
   * Sends a message and waits for nothing.
   *
   * @param descriptors stay the caller's
   */
  public void send(FrontendMessage message, boolean needReply, List<FileDescriptor> descriptors)
      throws InitiatorException {
    sendBytes(FrontendMessageCodec.encode(message, needReply), descriptors);
  }

  /**
   * Sends bytes as they are, a valid message or not.
   *
   * @param descriptors stay the caller's
   */
  public void sendBytes(ByteBuffer bytes, List<FileDescriptor> descriptors)
      throws InitiatorException {
    try {
      channel.send(bytes, descriptors);
      channel.flush();
    } catch (IOException e) {
      throw new InitiatorException(Kind.CLOSED, name + ": cannot send: " + e.getMessage(), e);
    }
  }

  /**
   * Waits for the next message of the back-end, whatever it is.
   *
   * @return closed by the caller
   */
  public IncomingMessage receive() throws InitiatorException {
    try {
      return channel.receive(timeoutNanos);
    } catch (EOFException e) {
      throw new InitiatorException(Kind.CLOSED, name + ": the back-end closed the connection", e);
    } catch (SocketTimeoutException e) {
      throw new InitiatorException(Kind.UNREACHABLE, name + ": no answer: " + e.getMessage(), e);
    } catch (ProtocolException e) {
      throw new InitiatorException(Kind.PROTOCOL, name + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new InitiatorException(Kind.CLOSED, name + ": cannot receive: " + e.getMessage(), e);
    }
  }

  /** An answer with its descriptors, which the caller closes. */
  public record Answer(Reply reply, List<FileDescriptor> descriptors) implements AutoCloseable {
    @Override
    public void close() {
      descriptors.forEach(FileDescriptor::close);
    }
  }

  /**
   * Sends a message that has an answer, and waits for that.
   *
   * @param needReply asks for the answer where the message has none of its own
   * @param descriptors stay the caller's
   */
  public Answer ask(FrontendMessage message, boolean needReply, List<FileDescriptor> descriptors)
      throws InitiatorException {
    send(message, needReply, descriptors);
    try (IncomingMessage incoming = receive()) {
      Reply reply = ReplyCodec.decode(message.request(), incoming.header(), incoming.payload());
      return new Answer(reply, incoming.takeDescriptors());
    } catch (ProtocolException e) {
      throw new InitiatorException(Kind.PROTOCOL, name + ": " + e.getMessage(), e);
    }
  }

  /** Asks for one number. */
  public long askWord(FrontendMessage message) throws InitiatorException {
    try (Answer answer = ask(message, false, List.of())) {
      if (answer.reply() instanceof Reply.Word word) {
        return word.value();
      }
      throw new InitiatorException(
          Kind.PROTOCOL, "%s: %s answered by %s".formatted(name, message, answer.reply()));
    }
  }

  /** Closes the socket. */
  @Override
  public void close() {
    channel.close();
  }
}
