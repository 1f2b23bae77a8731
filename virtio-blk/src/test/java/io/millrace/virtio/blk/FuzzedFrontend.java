package io.millrace.virtio.blk;

import io.millrace.linux.FileDescriptor;
import io.millrace.vhost.user.ByteString;
import io.millrace.vhost.user.ConfigAccess;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.FrontendMessageCodec;
import io.millrace.vhost.user.FrontendRequest;
import io.millrace.vhost.user.IncomingMessage;
import io.millrace.vhost.user.MemoryRegion;
import io.millrace.vhost.user.MessageChannel;
import io.millrace.vhost.user.MessageHeader;
import io.millrace.vhost.user.ProtocolException;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.vhost.user.ReadResult;
import io.millrace.vhost.user.ReplyCodec;
import io.millrace.vhost.user.VringMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;

/**
 * One session of a front-end that does what its input says. Each step is four bytes: what to do
 * ({@link #step}; bit 7 asks for an acknowledgement) and three details, of which 0 is mostly right.
 * A question is answered, or the session ends; an answer is one to the question.
 */
final class FuzzedFrontend implements AutoCloseable {
  private static final int NEED_REPLY = 0x80;
  private static final int MOST_ROUNDS = 100;
  private static final long ROUND_NANOS = 1_000;
  private static final long PROTOCOL_FEATURES = 1L << 30;

  /** What QEMU would acknowledge. */
  private static final long OFFERED =
      ProtocolFeature.mask(
          EnumSet.of(
              ProtocolFeature.MQ,
              ProtocolFeature.REPLY_ACK,
              ProtocolFeature.BACKEND_REQ,
              ProtocolFeature.CONFIG,
              ProtocolFeature.RESET_DEVICE,
              ProtocolFeature.CONFIGURE_MEM_SLOTS,
              ProtocolFeature.STATUS));

  private static final FrontendMessage[] BARE = {
    new FrontendMessage.GetFeatures(),
    new FrontendMessage.SetOwner(),
    new FrontendMessage.ResetOwner(),
    new FrontendMessage.GetProtocolFeatures(),
    new FrontendMessage.GetQueueNum(),
    new FrontendMessage.GetMaxMemSlots(),
    new FrontendMessage.GetStatus(),
    new FrontendMessage.ResetDevice()
  };

  private final SteppedTarget target;
  private final FuzzedGuest guest;
  private final MessageChannel channel;
  private boolean open = true;
  private boolean framed = true; // the other side knows where messages begin

  FuzzedFrontend(SteppedTarget target, FuzzedGuest guest) throws IOException {
    this.target = target;
    this.guest = guest;
    this.channel = target.connect();
  }

  void play(byte[] input) {
    ByteBuffer from = ByteBuffer.wrap(Arrays.copyOf(input, (input.length + 3) / 4 * 4));
    while (open && from.remaining() >= 4) {
      int what = from.get() & 0xff;
      int a = from.get() & 0xff;
      int b = from.get() & 0xff;
      int c = from.get() & 0xff;
      step(what, a, b, c, from);
    }
  }

  private void step(int what, int a, int b, int c, ByteBuffer rest) {
    boolean ack = (what & NEED_REPLY) != 0;
    int number = (what & ~NEED_REPLY) % 24;
    switch (number) {
      case 0 -> send(BARE[a % BARE.length], ack, List.of());
      case 1 -> send(new FrontendMessage.SetFeatures(features(a)), ack, List.of());
      case 2 -> send(new FrontendMessage.SetProtocolFeatures(protocolFeatures(a)), ack, List.of());
      case 3 -> setMemTable(a, b, c, ack);
      case 4 -> {
        MemoryRegion region = guest.region(b);
        send(new FrontendMessage.AddMemReg(region), ack, List.of(guest.file(b ^ (c & 1))));
      }
      case 5 -> send(new FrontendMessage.RemMemReg(guest.region(b)), ack, one(c & 1));
      case 13 -> send(config(a, b, c), ack, List.of());
      case 14 -> send(new FrontendMessage.SetStatus(a), ack, List.of());
      case 15 -> send(new FrontendMessage.SetBackendReqFd(), ack, List.of(descriptor(a, b)));
      case 16, 17 -> guest.offer(a, b, c);
      case 18 -> guest.poke((b << 8) | c, a);
      case 19 -> target.step(a & 31, (b + 1) * ROUND_NANOS);
      case 20 -> sendRaw(a, b, c, rest);
      case 21 -> sendBytes(a, rest);
      case 22 -> sendEmpty(a, b, c);
      case 23 -> target.configChanged();
      default -> send(ringMessage(number, a, b, c), ack, events(number, a, b));
    }
    answers();
  }

  private static FrontendMessage ringMessage(int number, int ring, int b, int c) {
    return switch (number) {
      case 6 -> new VringMessage.SetVringNum(ring, ringSize(b));
      case 7 -> new VringMessage.SetVringBase(ring, b | (c << 8));
      case 8 -> new VringMessage.SetVringAddr(FuzzedGuest.ring(ring, b));
      case 9 -> new VringMessage.SetVringKick(ring, b != 1);
      case 10 -> new VringMessage.SetVringCall(ring, b != 1);
      case 11 -> b < 128 ? new VringMessage.GetVringBase(ring) : new VringMessage.VringKick(ring);
      default -> new VringMessage.SetVringEnable(ring, b == 0);
    };
  }

  private List<FileDescriptor> events(int number, int ring, int b) {
    if (number != 9 && number != 10) {
      return List.of();
    }
    return switch (b) {
      case 0 -> List.of((number == 9 ? guest.kicks : guest.calls)[ring & 3]);
      case 1 -> List.of();
      default -> Collections.nCopies(b & 3, descriptor(ring, b));
    };
  }

  private FileDescriptor descriptor(int a, int b) {
    return (b & 4) != 0 ? guest.file(a) : guest.kicks[a & 3];
  }

  private List<FileDescriptor> one(int count) {
    return Collections.nCopies(count, guest.kicks[0]);
  }

  private long features(int which) {
    long offered = target.device.features();
    return switch (which) {
      case 0 -> offered | PROTOCOL_FEATURES;
      case 1 -> offered;
      case 2 -> 0;
      case 3 -> (offered | PROTOCOL_FEATURES) & ~((1L << 29) | (1L << 28)); // EVENT_IDX, INDIRECT
      case 4 -> 1L << 34; // PACKED
      default -> 1L << (which & 63);
    };
  }

  private static long protocolFeatures(int which) {
    return which == 0 ? OFFERED : 1L << (which & 63);
  }

  private static int ringSize(int which) {
    int[] sizes = {16, 1, 2, 8, 256, 100, 0, 0x10000};
    return which < 8 ? sizes[which] : which << 8;
  }

  private static FrontendMessage config(int flags, int offset, int length) {
    int bytes = Math.min(length, 256 - offset);
    byte[] data = new byte[bytes];
    Arrays.fill(data, (byte) ((flags >> 1) & 1));
    ConfigAccess access = new ConfigAccess(offset, (flags >> 2) & 3, ByteString.of(data));
    return (flags & 1) == 0
        ? new FrontendMessage.GetConfig(access)
        : new FrontendMessage.SetConfig(access);
  }

  private void setMemTable(int count, int first, int step, boolean ack) {
    List<MemoryRegion> regions = new ArrayList<>();
    List<FileDescriptor> files = new ArrayList<>();
    for (int i = 0; i < 1 + count % 8; i++) {
      int which = (first + i * step) & 0xff;
      regions.add(guest.region(which));
      files.add(guest.file(which));
    }
    send(new FrontendMessage.SetMemTable(regions), ack, files);
  }

  /** A message as the input has it: its request, its flags and descriptors, its payload. */
  private void sendRaw(int request, int flags, int length, ByteBuffer rest) {
    byte[] payload = new byte[Math.min(length, rest.remaining())];
    rest.get(payload);
    ByteBuffer message = ByteBuffer.allocate(12 + payload.length).order(ByteOrder.nativeOrder());
    new MessageHeader(request, flags & 0xf, payload.length).encode(message);
    sendWhole(message.put(payload).flip(), one(flags >> 4));
  }

  /** A message of some request and size with nothing in it, and with a descriptor or none. */
  private void sendEmpty(int request, int length, int descriptors) {
    ByteBuffer message = ByteBuffer.allocate(12 + length).order(ByteOrder.nativeOrder());
    new MessageHeader(request % 48, 1, length).encode(message);
    sendWhole(
        message.clear(), Collections.nCopies(descriptors & 1, descriptor(request, descriptors)));
  }

  /** Bytes that are no message. */
  private void sendBytes(int count, ByteBuffer rest) {
    byte[] bytes = new byte[Math.min(Math.max(1, count), rest.remaining())];
    rest.get(bytes);
    framed = false;
    sendWhole(ByteBuffer.wrap(bytes), List.of());
  }

  private void send(FrontendMessage message, boolean ack, List<FileDescriptor> descriptors) {
    sendWhole(FrontendMessageCodec.encode(message, ack), descriptors);
    if (isQuestion(message.request())) {
      for (int i = 0; i < MOST_ROUNDS; i++) {
        if (answers() > 0 || !open || !framed) {
          return;
        }
        target.step();
      }
      throw new AssertionError(message + " is not answered");
    }
  }

  private static boolean isQuestion(FrontendRequest request) {
    return switch (request) {
      case GET_FEATURES,
          GET_PROTOCOL_FEATURES,
          GET_QUEUE_NUM,
          GET_MAX_MEM_SLOTS,
          GET_STATUS,
          GET_CONFIG,
          GET_VRING_BASE ->
          true;
      default -> false;
    };
  }

  private void sendWhole(ByteBuffer message, List<FileDescriptor> descriptors) {
    if (!message.hasRemaining()) {
      return;
    }
    answers(); // those to messages before this one
    try {
      channel.send(message, descriptors);
      target.step();
    } catch (IOException e) {
      open = false; // the other side has ended it
    }
  }

  /** Takes what has been answered; each answer has to be one. */
  private int answers() {
    int count = 0;
    try {
      while (open) {
        switch (channel.read()) {
          case ReadResult.Complete complete -> {
            checkAnswer(complete.message());
            count++;
          }
          case ReadResult.Closed ignored -> open = false;
          case ReadResult.NotYet ignored -> {
            return count;
          }
        }
      }
    } catch (IOException e) {
      open = false;
    } catch (ProtocolException e) {
      throw new AssertionError("the back-end breaks the protocol", e);
    }
    return count;
  }

  private static void checkAnswer(IncomingMessage answer) throws ProtocolException {
    try (answer) {
      FrontendRequest request = FrontendRequest.of(answer.header().request());
      SteppedTarget.check(request != null, "an answer to no request");
      if (answer.payload().remaining() != Long.BYTES) { // else a status, which any message can get
        ReplyCodec.decode(request, answer.header(), answer.payload());
      }
      SteppedTarget.check(answer.descriptorCount() == 0, "descriptors nobody asked for");
    }
  }

  /** Cuts the connection off. */
  @Override
  public void close() {
    channel.close();
  }
}
