package io.millrace.virtqueue;

/**
 * A queue that gives chains back in the order in which they were offered (VIRTIO_F_IN_ORDER, virtio
 * 1.3 §2.7.9 and §2.8.9): one that is done waits here for those before it. Each is given back for
 * itself; that drivers could be told of a batch by its last chain alone is not used, as it hides
 * how many bytes the others got.
 */
final class InOrderQueue implements DeviceQueue {
  private static final long NOT_DONE = -1;

  private final DeviceQueue queue;
  private final int[] heads; // a ring of those that are out, in the order they were fetched
  private final long[] writtenBytes; // by head
  private int first; // the oldest that is out
  private int count;

  InOrderQueue(DeviceQueue queue) {
    this.queue = queue;
    heads = new int[queue.size()];
    writtenBytes = new long[queue.size()];
  }

  @Override
  public int size() {
    return queue.size();
  }

  @Override
  public ChainStatus fetch(DescriptorChain chain) {
    ChainStatus status = queue.fetch(chain);
    if (status == ChainStatus.FETCHED || status.isBadChain()) {
      int head = chain.head();
      heads[slot(count++)] = head;
      writtenBytes[head] = NOT_DONE;
    }
    return status;
  }

  private int slot(int place) {
    int slot = first + place;
    return slot < heads.length ? slot : slot - heads.length;
  }

  @Override
  public boolean hasMore() {
    return queue.hasMore();
  }

  @Override
  public void milestone(int head, int value) {
    queue.milestone(head, value);
  }

  @Override
  public void complete(int head, long bytes) {
    writtenBytes[head] = bytes;
    while (count > 0 && writtenBytes[heads[first]] != NOT_DONE) {
      int oldest = heads[first];
      queue.complete(oldest, writtenBytes[oldest]);
      writtenBytes[oldest] = NOT_DONE; // a driver may have offered it twice, though it must not
      first = slot(1);
      count--;
    }
  }

  @Override
  public void show() {
    queue.show();
  }

  @Override
  public boolean publish() {
    return queue.publish();
  }

  @Override
  public boolean enableNotifications() {
    return queue.enableNotifications();
  }

  @Override
  public void disableNotifications() {
    queue.disableNotifications();
  }

  @Override
  public QueueState state() {
    return queue.state();
  }

  @Override
  public boolean hasUnfinished() {
    return queue.hasUnfinished();
  }

  @Override
  public void stopped() {
    queue.stopped();
  }

  @Override
  public void relocate(VringLayout layout, AddressTranslation translation) {
    queue.relocate(layout, translation);
  }
}
