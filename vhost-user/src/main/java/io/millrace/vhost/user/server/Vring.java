package io.millrace.vhost.user.server;

import io.millrace.linux.FileDescriptor;
import io.millrace.vhost.user.VringAddress;
import io.millrace.virtqueue.VringAddresses;
import org.jspecify.annotations.Nullable;

/** What a front-end said of one ring, and the ring's runner while it runs. Control thread. */
final class Vring implements AutoCloseable {
  final int index;
  int size;
  int base; // as SET_VRING_BASE gave it and GET_VRING_BASE will
  long features; // that it runs or last ran with
  boolean enabled;
  boolean kicked; // SET_VRING_KICK came: the ring is started, in the specification's words
  @Nullable VringAddresses addresses;
  @Nullable FileDescriptor kick;
  @Nullable FileDescriptor call;
  @Nullable FileDescriptor error;
  @Nullable RingRunner runner;
  @Nullable RingRunner hanging; // stopped for the front-end; its storage keeps some requests

  Vring(int index) {
    this.index = index;
  }

  void addresses(VringAddress at) {
    addresses = new VringAddresses(at.descriptors(), at.available(), at.used());
  }

  /** Whether everything is there that a running ring needs. */
  boolean isReady() {
    return kicked && enabled && size > 0 && addresses != null && runner == null;
  }

  static int numberOf(@Nullable FileDescriptor descriptor) {
    return descriptor == null ? -1 : descriptor.number();
  }

  static void close(@Nullable FileDescriptor descriptor) {
    if (descriptor != null) {
      descriptor.close();
    }
  }

  /** Forgets what the front-end said; the ring does not run. */
  @Override
  public void close() {
    close(kick);
    close(call);
    close(error);
    kick = null;
    call = null;
    error = null;
    kicked = false;
    enabled = false;
    addresses = null;
    size = 0;
    base = 0;
  }
}
