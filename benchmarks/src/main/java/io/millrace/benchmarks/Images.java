package io.millrace.benchmarks;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Disk images to measure on. */
final class Images {
  private static final int CHUNK_BYTES = 1 << 20;

  private Images() {}

  /** Makes {@code image} a file of {@code bytes} written bytes; one of that size stays as it is. */
  static void fill(Path image, long bytes) throws IOException {
    if (Files.exists(image) && Files.size(image) == bytes) {
      return;
    }
    byte[] chunk = new byte[CHUNK_BYTES];
    new Random(1).nextBytes(chunk);
    try (OutputStream out = Files.newOutputStream(image)) {
      for (long written = 0; written < bytes; written += CHUNK_BYTES) {
        out.write(chunk);
      }
    }
  }
}
