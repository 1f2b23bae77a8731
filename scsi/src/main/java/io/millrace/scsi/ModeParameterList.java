package io.millrace.scsi;

import io.millrace.bdev.Bdev;
import org.jspecify.annotations.Nullable;

/**
 * The parameter list of MODE SELECT (SPC-5 §7.5.4), looked at as a whole before anything of it is
 * done. One command's; on its reactor.
 */
final class ModeParameterList {
  private static final int HEADER_BYTES_OF_6 = 4;
  private static final int HEADER_BYTES_OF_10 = 8;
  private static final int LONGLBA = 1;
  private static final int SHORT_DESCRIPTOR_BYTES = 8;
  private static final int LONG_DESCRIPTOR_BYTES = 16;
  private static final int PS_BIT = 7;
  private static final int PAGE_CODE_BIT = 5;

  private final LogicalUnit unit;
  private final ScsiTask task;
  private final byte[] list;
  private final int bytes;
  private Modes modes;

  private ModeParameterList(LogicalUnit unit, Modes modes, ScsiTask task) {
    this.unit = unit;
    this.modes = modes;
    this.task = task;
    list = task.parameters();
    bytes = task.parameterBytes();
  }

  /**
   * What the modes become.
   *
   * @return null when the list is wrong, and then the task has ended with what is
   */
  static @Nullable Modes read(LogicalUnit unit, Modes before, ScsiTask task, boolean six) {
    ModeParameterList of = new ModeParameterList(unit, before, task);
    int at = six ? of.header6() : of.header10();
    while (at >= 0 && at < of.bytes) {
      at = of.page(at);
    }
    return at < 0 ? null : of.modes;
  }

  // Each of these gives where the next thing begins, or -1 when the task has ended.

  private int header6() {
    if (bytes < HEADER_BYTES_OF_6) {
      return truncated();
    }
    int descriptor = BigEndian.get8(list, 3);
    if (list[1] != 0) {
      return wrong(1, -1); // medium type
    }
    if (descriptor != 0 && descriptor != SHORT_DESCRIPTOR_BYTES) {
      return wrong(3, -1);
    }
    return descriptor(HEADER_BYTES_OF_6, descriptor);
  }

  private int header10() {
    if (bytes < HEADER_BYTES_OF_10) {
      return truncated();
    }
    int descriptor = BigEndian.get16(list, 6);
    boolean wide = (list[4] & LONGLBA) != 0;
    if (list[2] != 0) {
      return wrong(2, -1); // medium type
    }
    if (descriptor != 0 && descriptor != (wide ? LONG_DESCRIPTOR_BYTES : SHORT_DESCRIPTOR_BYTES)) {
      return wrong(6, -1);
    }
    return descriptor(HEADER_BYTES_OF_10, descriptor);
  }

  /** Neither capacity nor block size can be changed (SBC-4 §6.5.2). */
  private int descriptor(int at, int size) {
    if (size > bytes - at) {
      return truncated();
    }
    if (size != 0) {
      int width = size == LONG_DESCRIPTOR_BYTES ? 8 : 4;
      int blockSizeAt = at + (size == LONG_DESCRIPTOR_BYTES ? 12 : 5);
      if (!isCapacity(BigEndian.get(list, at, width), width)) {
        return wrong(at, -1);
      }
      if (BigEndian.get(list, blockSizeAt, at + size - blockSizeAt)
          != unit.bdev().properties().blockSize()) {
        return wrong(blockSizeAt, -1);
      }
    }
    return at + size;
  }

  /** 0 and all ones mean that the number of blocks stays what it is. */
  private boolean isCapacity(long blocks, int width) {
    Bdev bdev = unit.bdev();
    long most = width == 8 ? -1 : 0xffff_ffffL;
    return blocks == 0 || blocks == most || blocks == bdev.blockCount();
  }

  private int page(int at) {
    boolean hasSubpage = (list[at] & ModePage.SUBPAGE_FORMAT) != 0;
    int header = hasSubpage ? 4 : 2;
    if (header > bytes - at) {
      return truncated();
    }
    if ((list[at] & 1 << PS_BIT) != 0) {
      return wrong(at, PS_BIT);
    }
    ModePage page = find(list[at] & 0x3f, hasSubpage ? BigEndian.get8(list, at + 1) : 0);
    if (page == null || hasSubpage != (page.subpage() != 0)) {
      return wrong(at, PAGE_CODE_BIT);
    }
    int lengthAt = hasSubpage ? at + 2 : at + 1;
    int length = hasSubpage ? BigEndian.get16(list, lengthAt) : BigEndian.get8(list, lengthAt);
    if (length != page.bytes() - header) {
      return wrong(lengthAt, -1);
    }
    if (page.bytes() > bytes - at) {
      return truncated();
    }
    return values(page, at) ? at + page.bytes() : -1;
  }

  private static @Nullable ModePage find(int code, int subpage) {
    for (ModePage page : ModePage.values()) {
      if (page.code() == code && page.subpage() == subpage) {
        return page;
      }
    }
    return null;
  }

  /** Takes the values of a page, unless one changes that may not. */
  private boolean values(ModePage page, int at) {
    byte[] current = page.values(modes);
    byte[] changeable = page.changeable(unit.bdev().properties().volatileCache());
    for (int i = page.headerBytes(); i < page.bytes(); i++) {
      int given = list[at + i];
      int wrong = (given ^ current[i]) & ~changeable[i] & 0xff;
      int mask = changeable[i] & 0xff;
      if (wrong == 0 && (given & mask) > page.mostOf(i)) {
        wrong = mask;
      }
      if (wrong != 0) {
        wrong(at + i, 31 - Integer.numberOfLeadingZeros(wrong));
        return false;
      }
    }
    modes = page.take(modes, list, at);
    return true;
  }

  private int wrong(int at, int bit) {
    task.checkParameter(at, bit);
    return -1;
  }

  private int truncated() {
    task.check(Sense.PARAMETER_LIST_LENGTH_ERROR);
    return -1;
  }
}
