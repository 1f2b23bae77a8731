package io.millrace.bdev.file;

import io.millrace.linux.IoUring;
import org.jspecify.annotations.Nullable;

/**
 * The way of one reactor's file requests into the kernel and back: {@code FileRing} by io_uring,
 * {@code FileThreads} by threads that block. Data path: the reactor's thread only, nothing
 * allocates, blocks or throws.
 */
interface KernelQueue extends AutoCloseable {
  /** What it is, to be told to the operator. */
  FileEngineKind kind();

  /** Most requests that may be prepared and not reaped. */
  int capacity();

  /** Takes a request's next piece; false when there is no room now. */
  boolean prepare(FileRequest request);

  /**
   * Tries to have a prepared request given back early, with ECANCELED; best effort. It is reaped
   * once in any case, and until then its memory belongs to the kernel.
   */
  void cancel(FileRequest request);

  /** Hands over what was prepared. What the kernel does not take now it takes another time. */
  void submit();

  /** Whether {@link #submit} has to be called again. */
  boolean hasUnsubmitted();

  /** Passes up to {@code max} completions to the handler; returns how many. */
  int reap(IoUring.CompletionHandler handler, int max);

  /** The eventfd to wait for, between {@link #armWakeup} and {@link #disarmWakeup}. */
  int fd();

  /** Makes {@link #fd} readable when something is to be reaped; false when there is already. */
  boolean armWakeup();

  /** Ends what {@link #armWakeup} began. */
  void disarmWakeup();

  /** Makes a file known; a slot for it, or -1 when its number serves as well. */
  int addFile(int number);

  /** Forgets the file of a slot that is not -1. */
  void removeFile(int slot);

  /** The buffers it can register; null if it has none. */
  @Nullable RingBuffers buffers();

  /** Frees everything; nothing is in flight. */
  @Override
  void close();
}
