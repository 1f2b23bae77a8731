package io.millrace.simulation;

import io.millrace.linux.FileDescriptor;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.FrontendMessageCodec;
import io.millrace.vhost.user.IncomingMessage;
import io.millrace.vhost.user.MessageChannel;
import io.millrace.vhost.user.ReadResult;
import io.millrace.vhost.user.Reply;
import io.millrace.vhost.user.ReplyCodec;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * The front-end's end of a connection. It never waits: its messages are sent one after the other,
 * each when the one before was answered, while the world goes on.
 */
final class FrontEnd implements AutoCloseable {
  private record Step(
      FrontendMessage message,
      boolean acknowledged,
      List<FileDescriptor> descriptors,
      BiConsumer<Reply, IncomingMessage> then) {}

  private final MessageChannel channel;
  private final ArrayDeque<Step> steps = new ArrayDeque<>();
  private final ArrayDeque<Step> next = new ArrayDeque<>(); // what an answer leads to
  private boolean answering;
  private boolean sent; // the first of them

  FrontEnd(Path socket) throws Exception {
    channel = MessageChannel.connect(socket);
  }

  /** A message that is to be acknowledged. */
  void tell(FrontendMessage message, FileDescriptor... descriptors) {
    add(new Step(message, true, List.of(descriptors), FrontEnd::nothing));
  }

  /** A message that has an answer of its own. */
  void ask(FrontendMessage message, BiConsumer<Reply, IncomingMessage> then) {
    add(new Step(message, false, List.of(), then));
  }

  /** A message that is not answered: those before it were what agreed on answers. */
  void say(FrontendMessage message) {
    add(new Step(message, false, List.of(), null));
  }

  private static void nothing(Reply reply, IncomingMessage message) {}

  /** Something to do when all before it is answered. */
  void then(Runnable action) {
    add(new Step(null, false, List.of(), (reply, message) -> action.run()));
  }

  /** What an answer leads to comes before what was to be said after it. */
  private void add(Step step) {
    (answering ? next : steps).add(step);
  }

  private void run(Step step, Reply reply, IncomingMessage message) {
    answering = true;
    step.then.accept(reply, message);
    answering = false;
  }

  private void removeFirst() {
    steps.removeFirst();
    while (!next.isEmpty()) {
      steps.addFirst(next.removeLast());
    }
  }

  boolean isIdle() {
    return steps.isEmpty();
  }

  /** Goes as far as it can. */
  void goOn() throws Exception {
    while (!steps.isEmpty()) {
      Step step = steps.getFirst();
      if (step.message == null) {
        run(step, null, null);
        removeFirst();
        continue;
      }
      if (!sent) {
        channel.send(
            FrontendMessageCodec.encode(step.message, step.acknowledged), step.descriptors);
        channel.flush();
        sent = true;
      }
      if (step.then != null && !answered(step)) {
        return;
      }
      removeFirst();
      sent = false;
    }
  }

  private boolean answered(Step step) throws Exception {
    return switch (channel.read()) {
      case ReadResult.NotYet _ -> false;
      case ReadResult.Closed _ ->
          throw new AssertionError("the back-end hung up instead of answering " + step.message);
      case ReadResult.Complete complete -> {
        try (IncomingMessage message = complete.message()) {
          Reply reply =
              ReplyCodec.decode(step.message.request(), message.header(), message.payload());
          if (step.acknowledged && !Reply.Word.OK.equals(reply)) {
            throw new AssertionError(step.message + " is answered by " + reply);
          }
          run(step, reply, message);
        }
        yield true;
      }
    };
  }

  @Override
  public void close() {
    channel.close();
  }
}
