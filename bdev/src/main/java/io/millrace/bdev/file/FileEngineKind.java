package io.millrace.bdev.file;

import java.util.Locale;

/** How a file's requests get to the kernel. */
public enum FileEngineKind {
  /** By io_uring; where that is not allowed by threads, with a warning. */
  AUTO,
  /** By io_uring or not at all. */
  IO_URING,
  /** By a few threads that make blocking calls. */
  THREADS;

  /** As options and JSON-RPC have it: {@code auto}, {@code io_uring}, {@code threads}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
