package io.millrace.vhost.user;

import io.millrace.linux.FileDescriptor;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * One complete message as it came in. It owns its descriptors until {@link #takeDescriptors};
 * closing it closes those that nobody took, so it belongs in a try-with-resources.
 */
public final class IncomingMessage implements AutoCloseable {
  private final MessageHeader header;
  private final ByteBuffer payload;
  private List<FileDescriptor> descriptors;

  IncomingMessage(MessageHeader header, ByteBuffer payload, List<FileDescriptor> descriptors) {
    this.header = header;
    this.payload = payload;
    this.descriptors = List.copyOf(descriptors);
  }

  /**
   * The header.
   *
   * @return unchecked but for its size, which is the payload's
   */
  public MessageHeader header() {
    return header;
  }

  /**
   * The payload.
   *
   * @return a new view of the whole payload, in native byte order
   */
  public ByteBuffer payload() {
    return payload.duplicate().order(payload.order());
  }

  /**
   * Number of descriptors not yet taken.
   *
   * @return 0 to {@link Limits#MAX_DESCRIPTORS}
   */
  public int descriptorCount() {
    return descriptors.size();
  }

  /**
   * Hands the descriptors over.
   *
   * @return in the order they were sent; the caller closes them. Empty the second time
   */
  public List<FileDescriptor> takeDescriptors() {
    List<FileDescriptor> taken = descriptors;
    descriptors = List.of();
    return taken;
  }

  @Override
  public void close() {
    takeDescriptors().forEach(FileDescriptor::close);
  }

  @Override
  public String toString() {
    return "%s with %d descriptors".formatted(header, descriptors.size());
  }
}
