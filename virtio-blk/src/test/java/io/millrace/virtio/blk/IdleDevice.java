package io.millrace.virtio.blk;

import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.server.DeviceSession;
import io.millrace.vhost.user.server.GoingMemory;
import io.millrace.vhost.user.server.QueueContext;
import io.millrace.vhost.user.server.QueueHandler;
import io.millrace.vhost.user.server.VhostDevice;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.VirtioFeature;
import java.util.concurrent.CompletableFuture;

/** A device whose queue does nothing, and says what it was given. */
class IdleDevice implements VhostDevice, DeviceSession, QueueHandler {
  private final Reactor reactor;
  private final CompletableFuture<QueueContext> queue;

  IdleDevice(Reactor reactor, CompletableFuture<QueueContext> queue) {
    this.reactor = reactor;
    this.queue = queue;
  }

  @Override
  public String name() {
    return "idle";
  }

  @Override
  public long features() {
    return VirtioFeature.VERSION_1;
  }

  @Override
  public int queueCount() {
    return 1;
  }

  @Override
  public Reactor reactorFor(int queueIndex) {
    return reactor;
  }

  @Override
  public DeviceSession newSession() {
    return this;
  }

  @Override
  public void memoryAdded(long address, long bytes) {}

  @Override
  public void memoryRemoved(long address, long bytes) {}

  @Override
  public void negotiated(long features) {}

  @Override
  public byte[] config() {
    return new byte[0];
  }

  @Override
  public boolean writeConfig(int offset, byte[] data, boolean migration) {
    return false;
  }

  @Override
  public QueueHandler startQueue(QueueContext context) {
    queue.complete(context);
    return this;
  }

  @Override
  public void closed() {}

  @Override
  public long take(DescriptorChain chain) {
    return NO_REQUEST;
  }

  @Override
  public void submitTaken() {}

  @Override
  public int outstanding() {
    return 0;
  }

  @Override
  public void mark(GoingMemory going) {}

  @Override
  public int markedCount() {
    return 0;
  }

  @Override
  public void cancelMarked() {}

  @Override
  public void cancelAll() {}

  @Override
  public void respond(Returns returns) {}

  @Override
  public void recycle() {}

  @Override
  public void close() {}
}
