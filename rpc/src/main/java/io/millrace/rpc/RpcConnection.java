package io.millrace.rpc;

import io.millrace.rpc.internal.Json;
import io.millrace.rpc.internal.JsonBoundary;
import io.millrace.rpc.internal.JsonBoundary.Outcome;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * One client: bytes in, replies out. Everything runs on the event loop of its channel.
 *
 * <p>A client that does not read its replies, or has too many calls running, is not read from until
 * it does; so it costs at most what one read of the socket brings, one request and the replies
 * under way. One that says nothing costs this object.
 */
final class RpcConnection extends ChannelInboundHandlerAdapter {
  /** Longest request in bytes. */
  static final int MAX_REQUEST_BYTES = 256 * 1024;

  /** Most JSON values in a request. */
  static final int MAX_REQUEST_VALUES = 8192;

  /** Longest reply in bytes. */
  static final int MAX_REPLY_BYTES = 32 * 1024 * 1024;

  /** Calls of one client that run at the same time. */
  static final int MAX_CALLS = 256;

  private static final Logger log = LoggerFactory.getLogger(RpcConnection.class);
  private static final byte[] NOTHING = {};

  private final Dispatcher dispatcher;
  private final JsonBoundary boundary = new JsonBoundary(MAX_REQUEST_BYTES, MAX_REQUEST_VALUES);
  private final Deque<byte[]> held = new ArrayDeque<>();
  private int heldPosition; // in the first of them
  private byte[] begun = NOTHING; // the start of a request whose end has not come
  private int begunLength;
  private int calls;
  private boolean processing;
  private boolean ending; // nothing more is read or answered
  private boolean inputEnded; // the client has shut its side down

  RpcConnection(Dispatcher dispatcher) {
    this.dispatcher = dispatcher;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    try {
      if (!ending) {
        held.add(ByteBufUtil.getBytes((ByteBuf) message));
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
    process(ctx);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    process(ctx);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      inputEnded = true;
      process(ctx);
    } else {
      ctx.fireUserEventTriggered(event);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    ending = true;
    held.clear();
    begun = NOTHING;
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    log.debug("rpc: connection failed: {}", cause.toString());
    ending = true;
    var _ = ctx.close();
  }

  /** Takes requests out of what was read while replies can be sent, then sees what to wait for. */
  private void process(ChannelHandlerContext ctx) {
    if (processing) {
      return;
    }
    processing = true;
    try {
      do {
        while (mayProceed(ctx) && !held.isEmpty()) {
          scanFirst(ctx);
        }
        ctx.flush(); // may make the channel writable again
      } while (mayProceed(ctx) && !held.isEmpty());
    } finally {
      processing = false;
    }
    if (ending) {
      return;
    }
    if (inputEnded && held.isEmpty() && calls == 0) {
      end(ctx, Unpooled.EMPTY_BUFFER);
      return;
    }
    boolean wanted = mayProceed(ctx);
    if (ctx.channel().config().isAutoRead() != wanted) {
      ctx.channel().config().setAutoRead(wanted);
    }
  }

  private boolean mayProceed(ChannelHandlerContext ctx) {
    return !ending && calls < MAX_CALLS && ctx.channel().isWritable();
  }

  private void scanFirst(ChannelHandlerContext ctx) {
    byte[] chunk = held.getFirst();
    int from = heldPosition;
    Outcome outcome = boundary.scan(chunk, from, chunk.length);
    int to = boundary.position();
    heldPosition = to;
    if (to == chunk.length) {
      held.removeFirst();
      heldPosition = 0;
    }
    switch (outcome) {
      case MORE -> keep(chunk, from, to);
      case COMPLETE -> complete(ctx, chunk, from, to);
      case MALFORMED -> end(ctx, encode(Dispatcher.parseError(boundary.problem())));
    }
  }

  private void keep(byte[] chunk, int from, int to) {
    if (!boundary.begun()) {
      return;
    }
    int length = begunLength + to - from;
    if (length > begun.length) {
      begun = Arrays.copyOf(begun, Math.max(length, begun.length * 2));
    }
    System.arraycopy(chunk, from, begun, begunLength, to - from);
    begunLength = length;
  }

  private void complete(ChannelHandlerContext ctx, byte[] chunk, int from, int to) {
    JsonNode request;
    try {
      if (begunLength == 0) {
        request = Json.WIRE.readTree(chunk, from, to - from);
      } else {
        keep(chunk, from, to);
        request = Json.WIRE.readTree(begun, 0, begunLength);
      }
    } catch (JacksonException refused) { // a number of thousands of digits
      var _ =
          ctx.write(
              encode(Dispatcher.invalidRequest(refused.getOriginalMessage())), ctx.voidPromise());
      return;
    } catch (NumberFormatException refused) { // an exponent of more than ten digits
      var _ =
          ctx.write(
              encode(Dispatcher.invalidRequest("a number is too large to be one")),
              ctx.voidPromise());
      return;
    } finally {
      boundary.reset();
      begun = NOTHING;
      begunLength = 0;
    }
    calls++;
    dispatcher.handle(request, reply -> replied(ctx, reply));
  }

  private void replied(ChannelHandlerContext ctx, @Nullable JsonNode reply) {
    calls--;
    if (!ending && reply != null) {
      var _ = ctx.write(encode(reply), ctx.voidPromise());
    }
    process(ctx);
  }

  private static ByteBuf encode(JsonNode reply) {
    byte[] text = Json.WIRE.writeValueAsBytes(reply);
    if (text.length >= MAX_REPLY_BYTES) {
      log.warn(
          "rpc: a reply of {} bytes is not sent, the limit is {}", text.length, MAX_REPLY_BYTES);
      text =
          Json.WIRE.writeValueAsBytes(
              Dispatcher.error(
                  reply.path("id"),
                  new RpcException(
                      RpcException.INTERNAL_ERROR,
                      "Internal error",
                      "the reply would have " + text.length + " bytes; ask for less")));
    }
    return Unpooled.wrappedBuffer(text, new byte[] {'\n'});
  }

  private void end(ChannelHandlerContext ctx, ByteBuf lastWords) {
    ending = true;
    held.clear();
    ctx.writeAndFlush(lastWords).addListener(ChannelFutureListener.CLOSE);
  }
}
