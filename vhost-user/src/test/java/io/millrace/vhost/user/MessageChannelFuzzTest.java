package io.millrace.vhost.user;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.SocketPair;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Any bytes in any pieces, with any number of descriptors, through a real socket: the messages that
 * were sent come out, up to the first that cannot be one, and every descriptor is closed. Input:
 * pieces of one byte for their length, one for the descriptors that go along, then the bytes; a
 * length beyond 0xf0 stands for 16 times as much of the last byte.
 */
class MessageChannelFuzzTest {
  private static final int LONG = 0xf0;
  private static final int MOST_BYTES = 1 << 15; // what a socket takes without a reader

  private static FileDescriptor event;

  private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
  private final ByteArrayOutputStream read = new ByteArrayOutputStream();
  private int descriptorsSent;
  private int descriptorsRead;

  @BeforeAll
  static void make() throws LinuxException {
    event = EventFd.create();
  }

  @AfterAll
  static void close() {
    event.close();
  }

  @FuzzTest
  void whatIsSentComesOutAndNoDescriptorStays(byte[] input) throws IOException {
    sent.reset();
    read.reset();
    descriptorsSent = 0;
    descriptorsRead = 0;
    int before = eventDescriptors();

    List<FileDescriptor> ends = SocketPair.create();
    try (MessageChannel channel = MessageChannel.of(ends.getLast())) {
      boolean open;
      try (FileDescriptor peer = ends.getFirst()) {
        open = feed(ByteBuffer.wrap(input), peer, channel);
      }
      if (open) {
        assertThat(drain(channel)).as("goes on after its end").isFalse();
      }
    }

    assertThat(eventDescriptors()).as("descriptors left open").isEqualTo(before);
    assertThat(descriptorsRead).isLessThanOrEqualTo(descriptorsSent);
    assertThat(read.toByteArray()).isEqualTo(wholeMessages());
  }

  /** Sends piece by piece, and reads what that completes; false once the channel is of no use. */
  private boolean feed(ByteBuffer input, FileDescriptor peer, MessageChannel channel)
      throws IOException {
    while (input.remaining() > 2 && sent.size() < MOST_BYTES) {
      int length = input.get() & 0xff;
      List<FileDescriptor> along = Collections.nCopies(input.get() & 0xf, event);
      byte[] piece = new byte[Math.clamp(length, 1, input.remaining())];
      input.get(piece);
      if (length > LONG) {
        int end = piece.length;
        piece = Arrays.copyOf(piece, 16 * length);
        Arrays.fill(piece, end, piece.length, piece[end - 1]);
      }
      ByteBuffer rest = ByteBuffer.wrap(piece);
      int count = DescriptorPassing.send(peer.number(), rest, along);
      sent.write(piece, 0, count);
      descriptorsSent += along.size();
      if (!drain(channel)) {
        return false;
      }
    }
    return true;
  }

  /** Reads all messages there are; false at the end of the connection, or of its use. */
  private boolean drain(MessageChannel channel) throws IOException {
    while (true) {
      try {
        switch (channel.read()) {
          case ReadResult.Complete complete -> take(complete.message());
          case ReadResult.Closed ignored -> {
            return false;
          }
          case ReadResult.NotYet ignored -> {
            return true;
          }
        }
      } catch (ProtocolException e) {
        assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
        if (e.kind() == ProtocolException.Kind.BAD_DESCRIPTORS) {
          assertThat(descriptorsSent).isGreaterThan(Limits.MAX_DESCRIPTORS);
          sent.reset(); // where in the stream that was is the kernel's secret
          sent.writeBytes(read.toByteArray());
        }
        return false;
      }
    }
  }

  private void take(IncomingMessage message) {
    try (message) {
      assertThat(message.descriptorCount()).isLessThanOrEqualTo(Limits.MAX_DESCRIPTORS);
      descriptorsRead += message.descriptorCount();
      ByteBuffer payload = message.payload();
      byte[] bytes = new byte[MessageHeader.BYTES + payload.remaining()];
      ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
      message.header().encode(all);
      all.put(payload);
      read.writeBytes(bytes);
    }
  }

  /** Of what was sent: all messages before one that is cut off or too large. */
  private byte[] wholeMessages() {
    byte[] all = sent.toByteArray();
    ByteBuffer wire = ByteBuffer.wrap(all).order(ByteOrder.nativeOrder());
    int end = 0;
    while (all.length - end >= MessageHeader.BYTES) {
      long size = wire.getInt(end + 8) & 0xffff_ffffL;
      if (size > Limits.MAX_PAYLOAD_BYTES || size > all.length - end - MessageHeader.BYTES) {
        break;
      }
      end += MessageHeader.BYTES + (int) size;
    }
    return Arrays.copyOf(all, end);
  }

  private static int eventDescriptors() {
    try (var all = Files.list(Path.of("/proc/self/fd"))) {
      return (int) all.filter(MessageChannelFuzzTest::isEvent).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isEvent(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().contains("eventfd");
    } catch (IOException e) {
      return false; // the one that lists them
    }
  }
}
