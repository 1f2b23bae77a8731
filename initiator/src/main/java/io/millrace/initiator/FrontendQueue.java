package io.millrace.initiator;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;

/**
 * The two event descriptors of a queue, owned here until {@link #close}.
 *
 * @param index of the queue
 * @param kick written by the driver
 * @param call written by the device
 */
public record FrontendQueue(int index, FileDescriptor kick, FileDescriptor call)
    implements AutoCloseable {
  static FrontendQueue create(int index) throws LinuxException {
    FileDescriptor kick = EventFd.create();
    try {
      return new FrontendQueue(index, kick, EventFd.create());
    } catch (LinuxException e) {
      kick.close();
      throw e;
    }
  }

  @Override
  public void close() {
    kick.close();
    call.close();
  }
}
