package io.millrace.server.attack;

import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.OutgoingSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A connection to a back-end that carries any bytes and descriptors, and expects nothing. */
final class Connection implements AutoCloseable {
  /** How long an answer may take, from a back-end that is healthy. */
  static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final FileDescriptor socket;
  private boolean ended;

  Connection(Path socket) throws LinuxException {
    this.socket = OutgoingSocket.connect(socket);
  }

  /** Sends all of it; what the other side no longer takes is dropped. */
  void send(ByteBuffer message, List<FileDescriptor> descriptors) {
    List<FileDescriptor> with = descriptors;
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    try {
      while (message.hasRemaining() && !ended && System.nanoTime() < deadline) {
        if (DescriptorPassing.send(socket.number(), message, with) > 0) {
          with = List.of();
        } else {
          DescriptorPassing.await(socket.number(), true, 10);
        }
      }
    } catch (LinuxException e) {
      ended = true;
    }
  }

  /** The payload of the next message of the back-end; null when it closed, or is silent. */
  byte[] receive() {
    ByteBuffer header = ByteBuffer.allocate(Wire.HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    if (!fill(header)) {
      return null;
    }
    ByteBuffer payload = ByteBuffer.allocate(header.getInt(2 * Integer.BYTES));
    return fill(payload) ? payload.array() : null;
  }

  /** The first eight bytes of the answer, or -1 when there was none. */
  long receiveWord() {
    byte[] payload = receive();
    return payload == null || payload.length < Long.BYTES
        ? -1
        : ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  private boolean fill(ByteBuffer to) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    List<FileDescriptor> received = new ArrayList<>();
    try {
      while (to.hasRemaining() && !ended && System.nanoTime() < deadline) {
        int count = DescriptorPassing.receive(socket.number(), to, received);
        ended = count == DescriptorPassing.END_OF_STREAM;
        if (count == 0) {
          DescriptorPassing.await(socket.number(), false, 10);
        }
      }
    } catch (LinuxException e) {
      ended = true;
    }
    received.forEach(FileDescriptor::close);
    return !to.hasRemaining();
  }

  /** Whether the back-end has closed its end. */
  boolean isEnded() {
    return ended || DescriptorPassing.isHungUp(socket.number());
  }

  @Override
  public void close() {
    socket.close();
  }
}
