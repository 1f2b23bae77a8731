package io.millrace.nvme.model;

/** Controller properties (base specification 2.0 §3.1.3), as byte offsets, and their fields. */
final class Reg {
  static final int CAP = 0x00;
  static final int VS = 0x08;
  static final int CC = 0x14;
  static final int CSTS = 0x1c;
  static final int AQA = 0x24;
  static final int ASQ = 0x28;
  static final int ACQ = 0x30;
  static final int CRTO = 0x68;
  static final int DOORBELLS = 0x1000;

  static final int CC_EN = 1;
  static final int CSTS_RDY = 1;
  static final int CSTS_CFS = 2;
  static final int CSTS_SHST = 3 << 2;
  static final int SHST_OCCURRING = 1 << 2;
  static final int SHST_COMPLETE = 2 << 2;

  private Reg() {}

  static int ccMps(int cc) {
    return cc >> 7 & 0xf;
  }

  static int ccCss(int cc) {
    return cc >> 4 & 7;
  }

  static int ccShn(int cc) {
    return cc >> 14 & 3;
  }

  static int ccIosqes(int cc) {
    return cc >> 16 & 0xf;
  }

  static int ccIocqes(int cc) {
    return cc >> 20 & 0xf;
  }
}
