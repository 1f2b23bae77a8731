package io.millrace.vhost.user;

/** What one look at a {@link MessageChannel} gave. */
public sealed interface ReadResult {
  /** A complete message; the receiver closes it. */
  record Complete(IncomingMessage message) implements ReadResult {}

  /** Nothing, or only a part so far: come back when the socket is readable. */
  record NotYet() implements ReadResult {}

  /** The other side closed the connection between two messages. */
  record Closed() implements ReadResult {}
}
