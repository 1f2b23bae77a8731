package io.millrace.scsi;

import java.util.ArrayList;
import java.util.List;

/**
 * The mode pages that there are (SPC-5 §7.5, SBC-4 §6.5), in the order in which they are reported.
 * What is 0 in all of them is not changeable.
 */
enum ModePage {
  /** Errors are recovered below us or not at all: nothing is to be set. */
  READ_WRITE_ERROR_RECOVERY(0x01, 0, 12),

  CACHING(0x08, 0, 20) {
    private static final int WCE = 1 << 2;

    @Override
    void put(Modes modes, byte[] page) {
      page[2] = (byte) (modes.writeCache() ? WCE : 0);
    }

    @Override
    void putChangeable(boolean hasCache, byte[] page) {
      page[2] = (byte) (hasCache ? WCE : 0);
    }

    @Override
    Modes take(Modes modes, byte[] list, int at) {
      return modes.withWriteCache((list[at + 2] & WCE) != 0);
    }
  },

  CONTROL(0x0a, 0, 12) {
    private static final int D_SENSE = 1 << 2;
    private static final int GLTSD = 1 << 1;
    private static final int UNRESTRICTED_REORDERING = 1 << 4;
    private static final int SWP = 1 << 3;
    private static final int TAS = 1 << 6;

    @Override
    void put(Modes modes, byte[] page) {
      page[2] = (byte) (GLTSD | (modes.descriptorSense() ? D_SENSE : 0)); // TST 0: one task set
      page[3] = UNRESTRICTED_REORDERING; // QERR 0: an error ends no other task
      page[4] = (byte) (modes.writeProtect() ? SWP : 0);
      page[5] = TAS;
    }

    @Override
    void putChangeable(boolean hasCache, byte[] page) {
      page[2] = D_SENSE;
      page[4] = SWP;
    }

    @Override
    Modes take(Modes modes, byte[] list, int at) {
      return modes.withControl((list[at + 2] & D_SENSE) != 0, (list[at + 4] & SWP) != 0);
    }
  },

  CONTROL_EXTENSION(0x0a, 1, 32) {
    private static final int TCMOS = 1 << 2;
    private static final int SCSIP = 1 << 1;
    private static final int IALUAE = 1;

    @Override
    void put(Modes modes, byte[] page) {
      page[4] = TCMOS | SCSIP | IALUAE; // the host's clock, until SET TIMESTAMP
    }
  },

  /** No timer ever runs out. */
  POWER_CONDITION(0x1a, 0, 40),

  INFORMATIONAL_EXCEPTIONS_CONTROL(0x1c, 0, 12) {
    private static final int MRIE = 0x0f;

    @Override
    void put(Modes modes, byte[] page) {
      page[3] = (byte) modes.reporting();
    }

    @Override
    void putChangeable(boolean hasCache, byte[] page) {
      page[3] = MRIE;
    }

    @Override
    int mostOf(int at) {
      return at == 3 ? Modes.REPORT_ON_REQUEST : 0xff;
    }

    @Override
    Modes take(Modes modes, byte[] list, int at) {
      return modes.withReporting(list[at + 3] & MRIE);
    }
  };

  /** PAGE CODE that means all of them, and SUBPAGE CODE that means all of a page. */
  static final int ALL_PAGES = 0x3f;

  static final int ALL_SUBPAGES = 0xff;

  /** SPF: the page has a subpage code, and a length of two bytes. */
  static final int SUBPAGE_FORMAT = 1 << 6;

  private final int code;
  private final int subpage;
  private final int bytes;

  ModePage(int code, int subpage, int bytes) {
    this.code = code;
    this.subpage = subpage;
    this.bytes = bytes;
  }

  int code() {
    return code;
  }

  int subpage() {
    return subpage;
  }

  /** How long the page is with its header. */
  int bytes() {
    return bytes;
  }

  int headerBytes() {
    return subpage == 0 ? 2 : 4;
  }

  /** Fills a page with values, behind its header. */
  void put(Modes modes, byte[] page) {
    // Most pages are all zeroes.
  }

  /** Fills a page with the bits that may be changed, behind its header. */
  void putChangeable(boolean hasCache, byte[] page) {
    // Most pages have none.
  }

  /** Modes as the page of a parameter list, already checked, wants them. */
  Modes take(Modes modes, byte[] list, int at) {
    return modes;
  }

  /** The largest value of a byte that may be changed. */
  int mostOf(int at) {
    return 0xff;
  }

  /** The page as it is reported, with its values. */
  final byte[] values(Modes modes) {
    byte[] page = withHeader();
    put(modes, page);
    return page;
  }

  /** The page as it is reported, with its changeable bits. */
  final byte[] changeable(boolean hasCache) {
    byte[] page = withHeader();
    putChangeable(hasCache, page);
    return page;
  }

  private byte[] withHeader() {
    byte[] page = new byte[bytes];
    if (subpage == 0) {
      page[0] = (byte) code;
      page[1] = (byte) (bytes - 2);
    } else {
      page[0] = (byte) (SUBPAGE_FORMAT | code);
      page[1] = (byte) subpage;
      BigEndian.put16(page, 2, bytes - 4);
    }
    return page;
  }

  /** Those that a CDB asks for, none when there are none (SPC-5 table 193). */
  static List<ModePage> find(int code, int subpage) {
    List<ModePage> found = new ArrayList<>();
    if (subpage == 0 || subpage == ALL_SUBPAGES || code != ALL_PAGES) {
      for (ModePage page : values()) {
        boolean ofCode = code == ALL_PAGES || code == page.code;
        if (ofCode && (subpage == ALL_SUBPAGES || subpage == page.subpage)) {
          found.add(page);
        }
      }
    }
    return found;
  }
}
