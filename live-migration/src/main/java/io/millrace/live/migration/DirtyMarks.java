package io.millrace.live.migration;

import io.millrace.linux.RawMemory;

/**
 * Marks of a {@link DirtyLog} that are put off until many can be made: behind one fence, and of all
 * pages of a word at once. One thread; allocates nothing.
 */
public final class DirtyMarks {
  private static final int MOST_WORDS = 64;

  private final DirtyLog log;
  private final long pages; // that it has bits for

  // Of two words, as data and answers take turns. In fields: an array's bounds are looked at.
  private long word;
  private long bits; // 0: none
  private long otherWord;
  private long otherBits;

  private final long[] moreWords = new long[MOST_WORDS];
  private final long[] moreBits = new long[MOST_WORDS];
  private int more;

  /** None yet, of a log that outlives them. */
  public DirtyMarks(DirtyLog log) {
    this.log = log;
    pages = log.pages();
  }

  /**
   * Bytes were stored, of which the log is told by {@link #flush} at the latest.
   *
   * @param guestAddress of the first; what the log has no bit for is left out
   * @param bytes 1 or more
   */
  public void add(long guestAddress, long bytes) {
    long page = guestAddress >>> DirtyLog.PAGE_SHIFT;
    long lastPage = (guestAddress + bytes - 1) >>> DirtyLog.PAGE_SHIFT;
    if (page != lastPage || page >= pages) {
      log.mark(guestAddress, bytes);
      return;
    }
    long its = page >>> DirtyLog.WORD_SHIFT;
    long bit = 1L << page; // a shift takes what is within the word
    if (its == word) {
      bits |= bit;
    } else if (its == otherWord) {
      otherBits |= bit;
    } else {
      take(its, bit);
    }
  }

  /** Another word takes the place of the one that was taken before the last one. */
  private void take(long newWord, long newBits) {
    if (otherBits != 0) {
      if (more == MOST_WORDS) {
        flush();
      }
      moreWords[more] = otherWord;
      moreBits[more] = otherBits;
      more++;
    }
    otherWord = word;
    otherBits = bits;
    word = newWord;
    bits = newBits;
  }

  /** Tells the log of all: what was stored before this call is seen by who finds a bit of it. */
  public void flush() {
    if ((bits | otherBits) == 0) {
      return; // nor is there any more
    }
    RawMemory.fullFence();
    log.setFenced(word, bits);
    log.setFenced(otherWord, otherBits);
    bits = 0;
    otherBits = 0;
    for (int i = 0; i < more; i++) {
      log.setFenced(moreWords[i], moreBits[i]);
    }
    more = 0;
  }
}
