package io.millrace.initiator;

import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.EventFd;
import io.millrace.linux.LinuxException;
import io.millrace.virtqueue.DriverRing;

/** How a driver waits for its device. */
final class QueueSleep {
  private QueueSleep() {}

  /** Sleeps until the device calls, if it has nothing for us yet; true when it may have now. */
  static boolean sleep(DriverRing ring, FrontendQueue events, int timeoutMillis)
      throws LinuxException {
    if (!ring.enableCalls()) {
      return true;
    }
    int call = events.call().number();
    boolean called = DescriptorPassing.await(call, false, timeoutMillis);
    EventFd.drain(call);
    ring.disableCalls();
    return called || ring.hasUsed();
  }
}
