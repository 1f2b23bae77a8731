package io.millrace.vhost.user;

import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.FileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The writing side of a {@link MessageChannel}: messages in order, what the socket does not take
 * now waits here. Same thread as the channel.
 */
final class OutgoingMessages implements AutoCloseable {
  private final int socket;
  private final ArrayDeque<Outgoing> waiting = new ArrayDeque<>();

  OutgoingMessages(int socket) {
    this.socket = socket;
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** As {@link MessageChannel#send}. */
  void send(ByteBuffer message, List<FileDescriptor> descriptors) throws IOException {
    flush();
    if (waiting.size() >= MessageChannel.MAX_QUEUED_MESSAGES) {
      throw new IOException(
          "the other side does not read: %d messages wait".formatted(waiting.size()));
    }
    ByteBuffer bytes = message.duplicate();
    if (waiting.isEmpty() && write(bytes, descriptors)) {
      return;
    }
    boolean started = bytes.position() > message.position();
    waiting.add(new Outgoing(bytes, started ? List.of() : duplicates(descriptors)));
  }

  /** As {@link MessageChannel#flush}. */
  void flush() throws IOException {
    for (Outgoing next = waiting.peek(); next != null; next = waiting.peek()) {
      int before = next.bytes.position();
      boolean done = write(next.bytes, next.descriptors);
      if (next.bytes.position() > before) {
        next.sent();
      }
      if (!done) {
        return;
      }
      waiting.remove();
    }
  }

  /** Closes the descriptors that were not sent; the messages are dropped. */
  @Override
  public void close() {
    waiting.forEach(Outgoing::sent);
    waiting.clear();
  }

  private static List<FileDescriptor> duplicates(List<FileDescriptor> descriptors)
      throws IOException {
    List<FileDescriptor> copies = new ArrayList<>(descriptors.size());
    try {
      for (FileDescriptor descriptor : descriptors) {
        copies.add(descriptor.duplicate());
      }
      return copies;
    } catch (IOException e) {
      copies.forEach(FileDescriptor::close);
      throw e;
    }
  }

  /** True when all was written; descriptors are attached to the first write that takes a byte. */
  private boolean write(ByteBuffer bytes, List<FileDescriptor> descriptors) throws IOException {
    int start = bytes.position();
    while (bytes.hasRemaining()) {
      boolean attach = bytes.position() == start;
      int count = DescriptorPassing.send(socket, bytes, attach ? descriptors : List.of());
      if (count == 0) {
        return false;
      }
    }
    return true;
  }

  /** A message that waits; its descriptors are our duplicates until its first byte is gone. */
  private static final class Outgoing {
    private final ByteBuffer bytes;
    private List<FileDescriptor> descriptors;

    Outgoing(ByteBuffer bytes, List<FileDescriptor> descriptors) {
      this.bytes = bytes;
      this.descriptors = descriptors;
    }

    void sent() {
      descriptors.forEach(FileDescriptor::close);
      descriptors = List.of();
    }
  }
}
