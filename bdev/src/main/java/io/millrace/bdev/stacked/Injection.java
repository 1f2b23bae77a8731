package io.millrace.bdev.stacked;

import java.util.concurrent.atomic.AtomicLong;

/**
 * An error that an {@link ErrorBdev} makes up, so many times. All channels share one count, so that
 * exactly that many requests are hit.
 */
public final class Injection {
  /** What happens to a request that is hit. */
  public enum Kind {
    /** It fails with an I/O error. */
    FAILURE("failure"),
    /** It fails with an I/O error; no border of Millrace speaks NVMe's status codes yet. */
    NVME_FAILURE("nvme_failure"),
    /** It waits until {@link ErrorBdev#resumePending}, a cancel, or the bdev's end. */
    PENDING("pending"),
    /** One byte of what is read or written is changed; other requests are done as they are. */
    CORRUPT_DATA("corrupt_data"),
    /** The bdev is out of memory: it is tried again, a little later. */
    NOMEM("nomem");

    private final String spdkName;

    Kind(String spdkName) {
      this.spdkName = spdkName;
    }

    /** Its name in a call. */
    public String spdkName() {
      return spdkName;
    }
  }

  private final Kind kind;
  private final AtomicLong left;
  private final long queueDepth;
  private final long corruptOffset;
  private final int corruptValue;

  /**
   * An error to make up.
   *
   * @param count how many requests are hit
   * @param queueDepth a channel's requests are hit only while it has so many with the base
   * @param corruptOffset which byte of a request's data is changed; none if there are not as many
   * @param corruptValue the bits of it that change, 1 to 255 for CORRUPT_DATA
   */
  public Injection(Kind kind, long count, long queueDepth, long corruptOffset, int corruptValue) {
    if (kind == Kind.CORRUPT_DATA && (corruptValue & 0xff) == 0) {
      throw new IllegalArgumentException("corrupt_value 0 changes no bit; give one from 1 to 255");
    }
    this.kind = kind;
    this.left = new AtomicLong(count);
    this.queueDepth = queueDepth;
    this.corruptOffset = corruptOffset;
    this.corruptValue = corruptValue;
  }

  /** The same error with a count of its own. */
  Injection copy() {
    return new Injection(kind, left.get(), queueDepth, corruptOffset, corruptValue);
  }

  /**
   * Whether a request is hit, which then counts. Any reactor.
   *
   * @param below how many requests of the channel the base has
   */
  boolean hits(long below) {
    if (below < queueDepth) {
      return false;
    }
    long now = left.get();
    while (now > 0 && !left.compareAndSet(now, now - 1)) {
      now = left.get();
    }
    return now > 0;
  }

  Kind kind() {
    return kind;
  }

  long corruptOffset() {
    return corruptOffset;
  }

  int corruptValue() {
    return corruptValue;
  }
}
