package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.vhost.user.ByteString;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.FrontendMessageCodec;
import io.millrace.vhost.user.IncomingMessage;
import io.millrace.vhost.user.MessageChannel;
import io.millrace.vhost.user.MessageHeader;
import io.millrace.vhost.user.ReadResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Any GET_CONFIG and SET_CONFIG of a session answers as the configuration space of a few lines here
 * does, and only {@code writeback} can change. Input: accesses of kind (bit 0 SET, bit 1 asks for
 * an acknowledgement), flags, offset (2, signed), size as it is said (2, signed), how many bytes of
 * data really follow, and these.
 */
class ConfigAccessFuzzTest {
  private static final int GET_CONFIG = 24;
  private static final int SET_CONFIG = 25;
  private static final int SPACE = 256; // bytes that messages can reach
  private static final int WRITEBACK = 32;
  private static final int MIGRATION = 1;
  private static final int ACCESS = 7;
  private static final int MOST_ROUNDS = 100;

  private static SteppedTarget target;

  private final byte[] space = new byte[SPACE];

  @BeforeAll
  static void make() throws Exception {
    target = new SteppedTarget();
  }

  @AfterAll
  static void close() throws Exception {
    target.close();
  }

  private record Access(int kind, int flags, int offset, int size, ByteString data) {
    boolean isSet() {
      return (kind & 1) != 0;
    }

    boolean wantsAcknowledgement() {
      return (kind & 2) != 0;
    }

    boolean isInside() {
      return size == data.length() && offset >= 0 && offset + size <= SPACE;
    }

    ByteBuffer message() {
      ByteBuffer message = ByteBuffer.allocate(24 + data.length()).order(ByteOrder.nativeOrder());
      int code = isSet() ? SET_CONFIG : GET_CONFIG;
      MessageHeader.request(code, 12 + data.length(), wantsAcknowledgement()).encode(message);
      return message.putInt(offset).putInt(size).putInt(flags).put(data.toArray()).flip();
    }
  }

  @FuzzTest
  void everyAccessDoesWhatTheSpaceAllows(byte[] input) throws Exception {
    target.begin();
    Arrays.fill(space, (byte) 0);
    byte[] config = target.device.newSession().config();
    System.arraycopy(config, 0, space, 0, config.length);

    try (MessageChannel channel = target.connect()) {
      send(channel, FrontendMessageCodec.encode(new FrontendMessage.SetFeatures(1L << 30), false));
      send(
          channel,
          FrontendMessageCodec.encode(
              new FrontendMessage.SetProtocolFeatures((1 << 3) | (1 << 9)), false));
      ByteBuffer from = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
      boolean open = true;
      while (open && from.remaining() >= ACCESS) {
        open = does(channel, next(from));
      }
    }

    target.checkNothingIsLeft();
  }

  private static Access next(ByteBuffer from) {
    int kind = from.get();
    int flags = from.get();
    int offset = from.getShort();
    int size = from.getShort();
    byte[] data = new byte[Math.min(from.get() & 0xff, from.remaining())];
    from.get(data);
    return new Access(kind, flags, offset, size, ByteString.of(data));
  }

  /** Sends an access and looks at its answer; false if it has ended the session. */
  private boolean does(MessageChannel channel, Access access) throws Exception {
    send(channel, access.message());
    if (!access.isInside()) {
      assertThat(closes(channel)).as("ends the session").isTrue();
      return false;
    }
    if (!access.isSet()) {
      byte[] expected = Arrays.copyOfRange(space, access.offset, access.offset + access.size);
      assertThat(answer(channel, 12 + access.size)).endsWith(expected);
      return true;
    }
    boolean allowed = isAllowed(access);
    if (allowed && access.offset <= WRITEBACK && WRITEBACK < access.offset + access.size) {
      space[WRITEBACK] = access.data.toArray()[WRITEBACK - access.offset];
    }
    if (access.wantsAcknowledgement()) {
      assertThat(answer(channel, 8)).startsWith((byte) (allowed ? 0 : 1));
      return true;
    }
    assertThat(closes(channel)).as("ends the session").isEqualTo(!allowed);
    return allowed;
  }

  /** A driver writes {@code writeback}, a migration what is there already and writeback. */
  private boolean isAllowed(Access access) {
    boolean migration = access.flags == MIGRATION;
    byte[] data = access.data.toArray();
    boolean allowed = migration || (access.size == 1 && access.offset == WRITEBACK);
    for (int i = 0; i < access.size; i++) {
      int at = access.offset + i;
      byte value = data[i];
      allowed &= at == WRITEBACK ? value == 0 || value == 1 : value == space[at];
    }
    return allowed;
  }

  private static void send(MessageChannel channel, ByteBuffer message) throws IOException {
    channel.send(message, List.of());
    target.step();
  }

  private static byte[] answer(MessageChannel channel, int bytes) throws Exception {
    for (int i = 0; i < MOST_ROUNDS; i++) {
      if (channel.read() instanceof ReadResult.Complete complete) {
        try (IncomingMessage message = complete.message()) {
          byte[] payload = new byte[bytes];
          assertThat(message.payload().remaining()).isEqualTo(bytes);
          message.payload().get(payload);
          return payload;
        }
      }
      target.step();
    }
    throw new AssertionError("no answer");
  }

  private static boolean closes(MessageChannel channel) throws Exception {
    return channel.read() instanceof ReadResult.Closed;
  }
}
