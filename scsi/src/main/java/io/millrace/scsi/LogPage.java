package io.millrace.scsi;

/**
 * Log pages (SPC-5 §7.3, SBC-4 §6.4), in the order of their codes. What cannot be known, as a
 * temperature, has no page.
 */
enum LogPage {
  SUPPORTED_PAGES(0x00, 0x00, 0) {
    @Override
    void put(LogicalUnit unit, int from, Answer answer) {
      for (LogPage page : values()) {
        if (page.subpage() == 0) {
          answer.put8(page.code());
        }
      }
    }
  },

  SUPPORTED_PAGES_AND_SUBPAGES(0x00, 0xff, 0) {
    @Override
    void put(LogicalUnit unit, int from, Answer answer) {
      for (LogPage page : values()) {
        answer.put8(page.code()).put8(page.subpage());
      }
    }
  },

  /** SBC-4 §6.4.2: none was ever made, so it tells how long the unit has been there. */
  BACKGROUND_SCAN_RESULTS(0x15, 0x00, 0x0000) {
    @Override
    void put(LogicalUnit unit, int from, Answer answer) {
      parameter(answer, 0x0000, 12);
      answer.put32(unit.counters().powerOnMinutes());
      answer.zeroes(8);
    }
  },

  /**
   * SPC-5 §7.3.12: what the bdev has counted, long commands in parts. Times are not measured, so
   * their intervals are zero and have no length.
   */
  STATISTICS(0x19, 0x00, 0x0001) {
    @Override
    void put(LogicalUnit unit, int from, Answer answer) {
      LogCounters.Counts counts = unit.counters().counts();
      int shift = unit.blockShift();
      parameter(answer, 0x0001, 64);
      answer.put64(counts.reads()).put64(counts.writes());
      answer.put64(counts.writtenBytes() >>> shift).put64(counts.readBytes() >>> shift);
      answer.zeroes(32);
    }
  },

  /** SPC-5 §7.3.13: nothing is expected to fail, and there is no temperature. */
  INFORMATIONAL_EXCEPTIONS(0x2f, 0x00, 0x0000) {
    @Override
    void put(LogicalUnit unit, int from, Answer answer) {
      parameter(answer, 0x0000, 4);
      answer.put16(0).put8(0xff).put8(0);
    }
  };

  private static final int BINARY_LIST = 0x03; // FORMAT AND LINKING

  private final int code;
  private final int subpage;
  private final int lastParameter;

  LogPage(int code, int subpage, int lastParameter) {
    this.code = code;
    this.subpage = subpage;
    this.lastParameter = lastParameter;
  }

  int code() {
    return code;
  }

  int subpage() {
    return subpage;
  }

  /** The largest parameter code that it has. */
  int lastParameter() {
    return lastParameter;
  }

  /** Whether it lists pages, and has no parameters. */
  boolean isList() {
    return code == 0;
  }

  /** Puts the parameters from a code on, or the list, behind the header. */
  abstract void put(LogicalUnit unit, int from, Answer answer);

  private static void parameter(Answer answer, int parameterCode, int bytes) {
    answer.put16(parameterCode).put8(BINARY_LIST).put8(bytes);
  }
}
