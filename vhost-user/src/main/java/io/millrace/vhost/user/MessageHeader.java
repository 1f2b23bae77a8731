package io.millrace.vhost.user;

import java.nio.ByteBuffer;

/**
 * The twelve bytes before each payload ("Header" in vhost-user.rst), in the machine's byte order.
 *
 * @param request code of a {@link FrontendRequest} or {@link BackendRequest}; not checked here
 * @param flags version in bits 0-1, {@link #REPLY}, {@link #NEED_REPLY}
 * @param size payload bytes that follow, as an unsigned 32-bit number
 */
public record MessageHeader(int request, int flags, int size) {
  /** Size of a header in bytes. */
  public static final int BYTES = 12;

  /** The one protocol version there is. */
  public static final int VERSION = 1;

  /** Set on each reply. */
  public static final int REPLY = 1 << 2;

  /** The sender waits for a u64 status even where the message has no reply of its own. */
  public static final int NEED_REPLY = 1 << 3;

  private static final int VERSION_MASK = 0x3;

  /**
   * Header of a request.
   *
   * @param code request code
   * @param size payload bytes
   * @param needReply whether to ask for an acknowledgement (REPLY_ACK must be negotiated)
   * @return the header
   */
  public static MessageHeader request(int code, int size, boolean needReply) {
    return new MessageHeader(code, VERSION | (needReply ? NEED_REPLY : 0), size);
  }

  /**
   * Header of the reply to a request. The need-reply bit is not repeated: SPDK's initiator wants
   * flags to be exactly 5.
   *
   * @param code code of the request that is answered
   * @param size payload bytes
   * @return the header
   */
  public static MessageHeader reply(int code, int size) {
    return new MessageHeader(code, VERSION | REPLY, size);
  }

  /**
   * Whether this is a reply.
   *
   * @return true for a reply
   */
  public boolean isReply() {
    return (flags & REPLY) != 0;
  }

  /**
   * Whether the sender asks for an acknowledgement.
   *
   * @return true when it does
   */
  public boolean needsReply() {
    return (flags & NEED_REPLY) != 0;
  }

  /**
   * Protocol version.
   *
   * @return 0 to 3, only 1 is valid
   */
  public int version() {
    return flags & VERSION_MASK;
  }

  /**
   * Reads a header.
   *
   * @param from at least {@link #BYTES} remain, in native order; its position moves on
   * @return the header, unchecked
   */
  public static MessageHeader decode(ByteBuffer from) {
    return new MessageHeader(from.getInt(), from.getInt(), from.getInt());
  }

  /**
   * Writes this header.
   *
   * @param to at least {@link #BYTES} remain, in native order; its position moves on
   */
  public void encode(ByteBuffer to) {
    to.putInt(request).putInt(flags).putInt(size);
  }
}
