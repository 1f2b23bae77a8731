package io.millrace.virtio.scsi;

import io.millrace.vhost.user.server.GoingMemory;
import io.millrace.vhost.user.server.QueueContext;
import io.millrace.vhost.user.server.QueueHandler;
import io.millrace.virtqueue.DescriptorChain;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The event queue of a session (virtio 1.3 §5.6.6.3). A buffer is taken only when there is an event
 * for it: so a back-end that comes after this one finds the others. On the queue's reactor.
 */
final class EventQueue implements QueueHandler {
  private static final int LUN_AT = 4;
  private static final int REASON_AT = 12;

  /** A buffer and what goes into it. */
  private record Telling(int head, Scatter place, ScsiEvent event) {}

  private final EventBox box;
  private final QueueContext context;
  private final List<Telling> tellings = new ArrayList<>();

  EventQueue(EventBox box, QueueContext context) {
    this.box = box;
    this.context = context;
    box.listener(() -> context.reactor().execute(context::chainsWanted));
  }

  @Override
  public boolean wantsChains() {
    return box.any();
  }

  @Override
  public long take(DescriptorChain chain) {
    if (chain.writableBytes() < ScsiEvent.BYTES || !chain.isWhole()) {
      return NO_REQUEST;
    }
    Scatter place = new Scatter();
    place.of(chain, 0, ScsiEvent.BYTES);
    tellings.add(new Telling(chain.head(), place, box.take()));
    return ScsiEvent.BYTES;
  }

  @Override
  public void submitTaken() {
    if (!tellings.isEmpty()) {
      context.requestDone();
    }
  }

  @Override
  public void respond(Returns returns) {
    for (Telling telling : tellings) {
      ScsiEvent event = telling.event();
      ByteBuffer bytes =
          ByteBuffer.allocate(ScsiEvent.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(0, event.event())
              .putInt(REASON_AT, event.reason());
      bytes.putLong(LUN_AT, Long.reverseBytes(event.lun()));
      telling.place().put(bytes.array(), ScsiEvent.BYTES, context.writes());
      returns.give(telling.head(), ScsiEvent.BYTES);
    }
    context.writes().flush();
  }

  @Override
  public void recycle() {
    tellings.clear();
  }

  @Override
  public int outstanding() {
    return tellings.size();
  }

  @Override
  public void mark(GoingMemory going) {
    // What is taken is given back in the same round.
  }

  @Override
  public int markedCount() {
    return 0;
  }

  @Override
  public void cancelMarked() {
    // See mark.
  }

  @Override
  public void cancelAll() {
    // See mark.
  }

  @Override
  public void close() {
    box.listener(null);
  }
}
