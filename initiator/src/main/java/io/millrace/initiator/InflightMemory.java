package io.millrace.initiator;

import io.millrace.linux.FileDescriptor;
import io.millrace.vhost.user.InflightArea;

/**
 * The region in which a back-end remembers what it has in flight: made by one back-end, kept here,
 * given to the next.
 *
 * @param area its numbers
 * @param file its memory; this region's
 */
public record InflightMemory(InflightArea area, FileDescriptor file) implements AutoCloseable {
  @Override
  public void close() {
    file.close();
  }
}
