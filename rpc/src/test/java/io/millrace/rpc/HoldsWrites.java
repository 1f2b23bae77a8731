package io.millrace.rpc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;

/** A peer that does not read: what is flushed stays in the channel's buffer until let go. */
final class HoldsWrites extends ChannelOutboundHandlerAdapter {
  private ChannelHandlerContext context;
  private boolean open;

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  @Override
  public void flush(ChannelHandlerContext ctx) {
    if (open) {
      ctx.flush();
    }
  }

  /** Bytes waiting, in units of 1500-byte replies, rounded down. */
  long held() {
    return context.channel().unsafe().outboundBuffer().totalPendingWriteBytes() / 1500;
  }

  void letGo() {
    open = true;
    context.flush();
  }
}
