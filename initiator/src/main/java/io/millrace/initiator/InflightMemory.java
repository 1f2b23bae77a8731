package io.millrace.initiator;

import io.millrace.initiator.FrontendConnection.Answer;
import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.linux.FileDescriptor;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.InflightArea;
import io.millrace.vhost.user.Reply;
import java.util.List;

/**
 * The region in which a back-end remembers what it has in flight: made by one back-end, kept here,
 * given to the next.
 *
 * @param area its numbers
 * @param file its memory; this region's
 */
public record InflightMemory(InflightArea area, FileDescriptor file) implements AutoCloseable {
  /**
   * Asks a back-end for such a region.
   *
   * @param queues of the device
   * @param size of each
   * @return owned by the caller
   */
  public static InflightMemory ask(Frontend frontend, int queues, int size)
      throws InitiatorException {
    FrontendMessage message =
        new FrontendMessage.GetInflightFd(new InflightArea(0, 0, queues, size));
    Answer answer = frontend.connection().ask(message, false, List.of());
    if (answer.reply() instanceof Reply.Inflight made && answer.descriptors().size() == 1) {
      return new InflightMemory(made.area(), answer.descriptors().getFirst());
    }
    answer.close();
    throw new InitiatorException(
        Kind.REFUSED, frontend.connection().name() + ": the back-end made no in-flight region");
  }

  @Override
  public void close() {
    file.close();
  }
}
