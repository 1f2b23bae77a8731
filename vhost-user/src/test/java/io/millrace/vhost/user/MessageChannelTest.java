package io.millrace.vhost.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.SocketPair;
import io.millrace.vhost.user.ProtocolException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A real socket pair; descriptors are counted in /proc/self/fd before and after each test. */
class MessageChannelTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private Set<String> openBefore;
  private FileDescriptor raw;
  private MessageChannel channel;

  @BeforeAll
  static void loadWhateverStaysOpen() throws Exception {
    List<MessageChannel> ends = MessageChannel.pair();
    for (MessageChannel end : ends) {
      assertThatThrownBy(() -> end.receive(1)).isInstanceOf(SocketTimeoutException.class);
    }
    ends.forEach(MessageChannel::close);
  }

  @BeforeEach
  void connect() throws Exception {
    openBefore = openDescriptors();
    List<FileDescriptor> ends = SocketPair.create();
    raw = ends.getFirst();
    channel = MessageChannel.of(ends.getLast());
  }

  @AfterEach
  void nothingLeaks() throws Exception {
    raw.close();
    channel.close();

    assertThat(openDescriptors()).isEqualTo(openBefore);
  }

  @Test
  void messageWithoutPayloadArrives() throws Exception {
    write(FrontendMessageCodec.encode(new FrontendMessage.GetFeatures(), false));

    try (IncomingMessage message = complete(channel.read())) {
      assertThat(message.header().request()).isEqualTo(1);
      assertThat(message.payload().hasRemaining()).isFalse();
      assertThat(message.descriptorCount()).isZero();
    }
    assertThat(channel.read()).isInstanceOf(ReadResult.NotYet.class);
  }

  @Test
  void messageThatArrivesByteByByteIsDeliveredOnce() throws Exception {
    ByteBuffer wire = FrontendMessageCodec.encode(new FrontendMessage.SetFeatures(77), true);

    while (wire.remaining() > 1) {
      write(wire.slice(wire.position(), 1));
      wire.position(wire.position() + 1);
      assertThat(channel.read()).isInstanceOf(ReadResult.NotYet.class);
    }
    write(wire);

    try (IncomingMessage message = complete(channel.read())) {
      assertThat(message.payload().getLong()).isEqualTo(77);
    }
  }

  @Test
  void descriptorsArriveWithTheirMessageAndOutliveTheSocket() throws Exception {
    FileDescriptor received;
    try (FileDescriptor memory = MemoryFile.create("test", 12345, true)) {
      sendRaw(new FrontendMessage.SetLogFd(), List.of(memory));
    }

    try (IncomingMessage message = complete(channel.read())) {
      received = message.takeDescriptors().getFirst();
    }
    channel.close();

    try (received) {
      assertThat(LinuxFiles.status(received).size()).isEqualTo(12345);
    }
  }

  @Test
  void descriptorsOfTwoMessagesInOneStreamStayApart() throws Exception {
    try (FileDescriptor first = MemoryFile.create("first", 1, true);
        FileDescriptor second = MemoryFile.create("second", 2, true)) {
      sendRaw(new VringMessage.SetVringKick(0, true), List.of(first));
      sendRaw(new FrontendMessage.SetOwner(), List.of());
      sendRaw(new VringMessage.SetVringCall(0, true), List.of(second));
    }

    assertThat(sizeOfOnlyDescriptor(channel.read())).isEqualTo(1);
    assertThat(complete(channel.read()).descriptorCount()).isZero();
    assertThat(sizeOfOnlyDescriptor(channel.read())).isEqualTo(2);
  }

  @Test
  void descriptorsSentWithThePayloadArriveToo() throws Exception {
    ByteBuffer wire = FrontendMessageCodec.encode(new FrontendMessage.SetStatus(1), false);
    write(wire.slice(0, MessageHeader.BYTES));
    try (FileDescriptor late = MemoryFile.create("late", 3, true)) {
      write(wire.slice(MessageHeader.BYTES, 8), List.of(late));
    }

    assertThat(sizeOfOnlyDescriptor(channel.read())).isEqualTo(3);
  }

  @Test
  void eightDescriptorsAreTakenAndNineEndTheConnection() throws Exception {
    List<FileDescriptor> nine = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      nine.add(EventFd.create());
    }
    try {
      sendRaw(new FrontendMessage.SetOwner(), nine.subList(0, 8));
      sendRaw(new FrontendMessage.SetOwner(), nine);
    } finally {
      nine.forEach(FileDescriptor::close);
    }

    try (IncomingMessage message = complete(channel.read())) {
      assertThat(message.descriptorCount()).isEqualTo(8);
    }
    assertRefused(Kind.BAD_DESCRIPTORS, "9 file descriptors, expected at most 8");
  }

  @Test
  void asManyDescriptorsAsTheKernelCarriesAreAllClosed() throws Exception {
    try (FileDescriptor event = EventFd.create()) {
      sendRaw(new FrontendMessage.SetOwner(), java.util.Collections.nCopies(253, event));
    }

    assertRefused(Kind.BAD_DESCRIPTORS, "253 file descriptors");
  }

  @Test
  void payloadBeyondTheLimitIsRefusedBeforeItIsRead() throws Exception {
    writeHeader(new MessageHeader(5, 1, Limits.MAX_PAYLOAD_BYTES + 1));

    assertRefused(Kind.BAD_SIZE, "request 5 announces a payload of 4097 bytes");
  }

  @Test
  void payloadOfFourGigabytesIsRefused() throws Exception {
    writeHeader(new MessageHeader(5, 1, -1));

    assertRefused(Kind.BAD_SIZE, "4294967295 bytes");
  }

  @Test
  void payloadOfTheLimitIsTaken() throws Exception {
    writeHeader(new MessageHeader(26, 1, Limits.MAX_PAYLOAD_BYTES));
    write(ByteBuffer.allocate(Limits.MAX_PAYLOAD_BYTES));

    assertThat(complete(channel.read()).payload().remaining()).isEqualTo(4096);
  }

  @Test
  void endBetweenMessagesIsTheEnd() throws Exception {
    write(FrontendMessageCodec.encode(new FrontendMessage.SetOwner(), false));
    raw.close();

    complete(channel.read()).close();
    assertThat(channel.read()).isInstanceOf(ReadResult.Closed.class);
  }

  @Test
  void endInsideAHeaderIsToldAndItsDescriptorClosed() throws Exception {
    try (FileDescriptor event = EventFd.create()) {
      write(ByteBuffer.allocate(5), List.of(event));
    }
    raw.close();

    assertRefused(Kind.CUT_OFF, "after 5 of 12 header bytes");
  }

  @Test
  void endInsideAPayloadIsTold() throws Exception {
    writeHeader(new MessageHeader(2, 1, 8));
    write(ByteBuffer.allocate(3));
    raw.close();

    assertRefused(Kind.CUT_OFF, "after 3 of 8 payload bytes of request 2");
  }

  @Test
  void descriptorOfAHalfMessageIsClosedWithTheChannel() throws Exception {
    try (FileDescriptor event = EventFd.create()) {
      write(ByteBuffer.allocate(5), List.of(event));
    }

    assertThat(channel.read()).isInstanceOf(ReadResult.NotYet.class);
  }

  @Test
  void messageNobodyReadIsClosedWithTheSocket() throws Exception {
    try (FileDescriptor event = EventFd.create()) {
      sendRaw(new FrontendMessage.SetLogFd(), List.of(event));
    }
  }

  @Test
  void messagesAPeerDoesNotReadWaitInOrderWithTheirDescriptors() throws Exception {
    List<MessageChannel> ends = MessageChannel.pair();
    try (MessageChannel from = ends.getFirst();
        MessageChannel to = ends.getLast()) {
      int sent = 0;
      while (!from.wantsWrite()) {
        sendNumbered(from, sent++);
      }
      sendNumbered(from, sent++);
      sendNumbered(from, sent++);

      for (int i = 0; i < sent; i++) {
        try (IncomingMessage message = to.receive(10 * SECOND)) {
          assertThat(message.payload().getLong()).isEqualTo(i);
          assertThat(message.descriptorCount()).isEqualTo(1);
        }
        from.flush();
      }
      assertThat(from.wantsWrite()).isFalse();
    }
  }

  @Test
  void peerThatNeverReadsIsGivenUp() throws Exception {
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 100_000; i++) {
                sendNumbered(channel, i);
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessage("the other side does not read: 64 messages wait");
  }

  @Test
  void receiveGivesUpInTimeAndSeesTheEnd() throws Exception {
    assertThatThrownBy(() -> channel.receive(TimeUnit.MILLISECONDS.toNanos(20)))
        .isInstanceOf(SocketTimeoutException.class)
        .hasMessage("no complete message within 20 ms");
    raw.close();
    assertThatThrownBy(() -> channel.receive(SECOND)).isInstanceOf(EOFException.class);
  }

  @Test
  void channelOverADescriptorTalksAndClosesIt() throws Exception {
    List<MessageChannel> ends = MessageChannel.pair();
    try (MessageChannel near = ends.getFirst();
        MessageChannel far = ends.getLast();
        MessageChannel copy = MessageChannel.of(duplicateOf(far.descriptorNumber()))) {
      copy.send(BackendMessageCodec.encode(new BackendMessage.ConfigChange(), true), List.of());

      try (IncomingMessage message = near.receive(SECOND)) {
        assertThat(message.header()).isEqualTo(MessageHeader.request(2, 0, true));
      }
    }
  }

  @Test
  void channelOverSomethingElseIsRefused() throws Exception {
    try (MessageChannel broken = MessageChannel.of(EventFd.create())) {
      assertThatThrownBy(broken::read).isInstanceOf(IOException.class);
    }
  }

  private void assertRefused(Kind kind, String part) {
    assertThatThrownBy(() -> channel.read())
        .isInstanceOfSatisfying(ProtocolException.class, e -> assertThat(e.kind()).isEqualTo(kind))
        .hasMessageContaining(part);
  }

  private static IncomingMessage complete(ReadResult result) {
    assertThat(result).isInstanceOf(ReadResult.Complete.class);
    return ((ReadResult.Complete) result).message();
  }

  private static long sizeOfOnlyDescriptor(ReadResult result) throws IOException {
    try (IncomingMessage message = complete(result)) {
      assertThat(message.descriptorCount()).isEqualTo(1);
      try (FileDescriptor only = message.takeDescriptors().getFirst()) {
        return LinuxFiles.status(only).size();
      }
    }
  }

  private static void sendNumbered(MessageChannel to, long number) throws IOException {
    try (FileDescriptor event = EventFd.create()) {
      to.send(
          FrontendMessageCodec.encode(new FrontendMessage.SetFeatures(number), false),
          List.of(event));
    }
  }

  private void sendRaw(FrontendMessage message, List<FileDescriptor> descriptors)
      throws IOException {
    write(FrontendMessageCodec.encode(message, false), descriptors);
  }

  private void write(ByteBuffer bytes) throws IOException {
    write(bytes, List.of());
  }

  private void write(ByteBuffer bytes, List<FileDescriptor> descriptors) throws IOException {
    DescriptorPassing.send(raw.number(), bytes, descriptors);
    assertThat(bytes.hasRemaining()).isFalse();
  }

  private void writeHeader(MessageHeader header) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(MessageHeader.BYTES).order(ByteOrder.nativeOrder());
    header.encode(bytes);
    write(bytes.flip());
  }

  private static FileDescriptor duplicateOf(int number) throws IOException {
    return FileDescriptor.own(number).duplicate();
  }

  private static Set<String> openDescriptors() throws IOException {
    try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
      return links
          .map(link -> {
            try {
              return link.getFileName() + " " + Files.readSymbolicLink(link);
            } catch (IOException e) {
              return "";
            }
          })
          .filter(
              name -> name.contains("socket:") || name.contains("anon") || name.contains("memfd"))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }
}
