package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/** Disk images to measure on. */
final class Images {
  private static final int CHUNK_BYTES = 1 << 20;

  private Images() {}

  /**
   * Makes {@code image} a file of {@code bytes} written bytes; one of that size stays as it is.
   * Then all of it is in the page cache, as far as there is room, and nothing waits to be written.
   */
  static void prepare(Path image, long bytes) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
    try (FileChannel file =
        FileChannel.open(
            image, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (file.size() != bytes) {
        fill(file, bytes);
      }
      file.force(false);
      for (long read = 0; read < bytes; read += CHUNK_BYTES) {
        file.read(chunk.clear(), read);
      }
    }
  }

  private static void fill(FileChannel file, long bytes) throws IOException {
    byte[] content = new byte[CHUNK_BYTES];
    new Random(1).nextBytes(content);
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES).put(content);
    file.truncate(bytes);
    for (long written = 0; written < bytes; written += CHUNK_BYTES) {
      file.write(chunk.flip(), written);
    }
  }
}
