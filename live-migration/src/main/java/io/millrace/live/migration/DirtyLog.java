package io.millrace.live.migration;

import io.millrace.linux.RawMemory;

/**
 * The dirty-page log of a guest that migrates ("Migration" in vhost-user.rst): a bit for each page
 * of guest memory, by its guest address, set by the back-end and cleared by the front-end at the
 * same time. Any thread; allocates nothing. The memory is its owner's.
 */
public final class DirtyLog {
  /** log2 of what a bit stands for: 4 KiB, whatever the guest's pages are (VHOST_LOG_PAGE). */
  public static final int PAGE_SHIFT = 12;

  /** log2 of the pages that a word of 8 bytes has bits for. */
  static final int WORD_SHIFT = 6;

  private static final int PAGES_OF_A_WORD = Long.SIZE;

  private final long address;
  private final long pages;

  /**
   * A log in memory.
   *
   * @param address of the first bit, aligned to 8
   * @param bytes its length; what a last, incomplete word of 8 bytes stands for is not logged
   */
  public DirtyLog(long address, long bytes) {
    if ((address & (Long.BYTES - 1)) != 0) {
      throw new IllegalArgumentException("a log at 0x" + Long.toHexString(address));
    }
    this.address = address;
    this.pages = (bytes & -Long.BYTES) * Byte.SIZE;
  }

  /** Whether it has a bit for the last byte below an end of guest memory, and so for all before. */
  public boolean reaches(long guestEnd) {
    return guestEnd == 0 || (guestEnd - 1) >>> PAGE_SHIFT < pages;
  }

  /**
   * Bytes were stored: all before this call is seen by a front-end that finds the bit.
   *
   * @param guestAddress of the first; what the log has no bit for is left out
   * @param bytes 1 or more
   */
  public void mark(long guestAddress, long bytes) {
    long last = Math.min((guestAddress + bytes - 1) >>> PAGE_SHIFT, pages - 1);
    long page = guestAddress >>> PAGE_SHIFT;
    while (page <= last) {
      long endOfWord = page | (PAGES_OF_A_WORD - 1);
      long end = Math.min(endOfWord, last);
      long ones = -1L >>> (Long.SIZE - 1 - (end - page));
      long bits = ones << (page & (PAGES_OF_A_WORD - 1));
      RawMemory.setBits(place(page >>> WORD_SHIFT), bits);
      page = end + 1;
    }
  }

  /** How many pages it has bits for. */
  long pages() {
    return pages;
  }

  /**
   * Sets bits of a word that there is, for bytes behind which this thread has had a full fence.
   * Those that are set are left alone, as most are soon: a front-end clears them after they were
   * found here, and so after the bytes were stored, which it then sees.
   */
  void setFenced(long word, long bits) {
    long place = place(word);
    if ((RawMemory.getLong(place) & bits) != bits) {
      RawMemory.setBits(place, bits);
    }
  }

  private long place(long word) {
    return address + word * Long.BYTES;
  }
}
