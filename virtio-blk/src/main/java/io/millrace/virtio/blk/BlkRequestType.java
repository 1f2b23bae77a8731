package io.millrace.virtio.blk;

import java.util.Arrays;

/** The type of a request (virtio 1.3 §5.2.6); any other number is UNSUPPORTED. */
enum BlkRequestType {
  IN(0),
  OUT(1),
  FLUSH(4),
  GET_ID(8),
  DISCARD(11),
  WRITE_ZEROES(13),
  UNSUPPORTED(-1);

  private static final BlkRequestType[] BY_CODE = new BlkRequestType[14];

  static {
    Arrays.fill(BY_CODE, UNSUPPORTED);
    for (BlkRequestType type : values()) {
      if (type != UNSUPPORTED) {
        BY_CODE[type.code] = type;
      }
    }
  }

  final int code;

  /** Whether its data is ranges and not the blocks themselves. */
  final boolean hasRanges;

  BlkRequestType(int code) {
    this.code = code;
    hasRanges = code == 11 || code == 13;
  }

  static BlkRequestType of(int code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : UNSUPPORTED;
  }
}
