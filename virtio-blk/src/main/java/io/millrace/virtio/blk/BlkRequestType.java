package io.millrace.virtio.blk;

import io.millrace.vhost.user.server.RequestKind;
import java.util.Arrays;

/** The type of a request (virtio 1.3 §5.2.6); any other number is UNSUPPORTED. */
enum BlkRequestType {
  IN(0, RequestKind.READ),
  OUT(1, RequestKind.WRITE),
  FLUSH(4, RequestKind.FLUSH),
  GET_ID(8, RequestKind.OTHER),
  DISCARD(11, RequestKind.DISCARD),
  WRITE_ZEROES(13, RequestKind.WRITE_ZEROES),
  UNSUPPORTED(-1, RequestKind.OTHER);

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

  /** As what it is counted. */
  final RequestKind kind;

  /** Whether its data is ranges and not the blocks themselves. */
  final boolean hasRanges;

  BlkRequestType(int code, RequestKind kind) {
    this.code = code;
    this.kind = kind;
    hasRanges = code == 11 || code == 13;
  }

  static BlkRequestType of(int code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : UNSUPPORTED;
  }
}
