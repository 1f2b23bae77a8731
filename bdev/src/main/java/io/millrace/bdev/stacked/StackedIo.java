package io.millrace.bdev.stacked;

import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import org.jspecify.annotations.Nullable;

/**
 * What a request to a stacked bdev is on its way down. Owned by its channel's pool; touched only by
 * that channel's reactor.
 */
public final class StackedIo extends BdevIo {
  private static final int SEGMENTS = 4; // grows with what is passed down

  private final StackedChannel channel;
  private final int index;
  private @Nullable BdevIo request;
  private @Nullable Object attachment;

  // While a module keeps it waiting.
  @Nullable HeldIos holder;
  @Nullable StackedIo earlier;
  @Nullable StackedIo later;
  long dueNanos;
  IoStatus status = IoStatus.SUCCESS; // what it ended with below

  StackedIo(StackedChannel channel, int index) {
    super(SEGMENTS);
    this.channel = channel;
    this.index = index;
  }

  /** The request from above; read-only for modules. */
  public BdevIo request() {
    BdevIo current = request;
    if (current == null) {
      throw new IllegalStateException("free request " + index);
    }
    return current;
  }

  void request(@Nullable BdevIo from) {
    request = from;
    attachment = null;
  }

  /** Its place in the channel's pool, from 0: small numbers are used again first. */
  public int index() {
    return index;
  }

  /** What the module attached to this request, null at first. */
  public @Nullable Object attachment() {
    return attachment;
  }

  /** Attaches something of the module's until the request is finished. */
  public void attach(@Nullable Object object) {
    attachment = object;
  }

  @Override
  protected void completed(IoStatus endedWith) {
    channel.up(this, endedWith);
  }
}
