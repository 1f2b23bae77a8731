package io.millrace.scsi;

import org.jspecify.annotations.Nullable;

/** Types of persistent reservations (SPC-5 §6.16.3.4). */
enum ReservationType {
  WRITE_EXCLUSIVE(1, false, false),
  EXCLUSIVE_ACCESS(3, true, false),
  WRITE_EXCLUSIVE_REGISTRANTS_ONLY(5, false, true),
  EXCLUSIVE_ACCESS_REGISTRANTS_ONLY(6, true, true),
  WRITE_EXCLUSIVE_ALL_REGISTRANTS(7, false, true),
  EXCLUSIVE_ACCESS_ALL_REGISTRANTS(8, true, true);

  /** The type mask of REPORT CAPABILITIES: all of them. */
  static final int MASK = 0xea01;

  private static final int MOST_CODES = 16;
  private static final @Nullable ReservationType[] BY_CODE = byCode();

  final int code;
  final boolean keepsReadersOut;
  final boolean letsRegistrantsIn;

  ReservationType(int code, boolean keepsReadersOut, boolean letsRegistrantsIn) {
    this.code = code;
    this.keepsReadersOut = keepsReadersOut;
    this.letsRegistrantsIn = letsRegistrantsIn;
  }

  private static @Nullable ReservationType[] byCode() {
    @Nullable ReservationType[] table = new ReservationType[MOST_CODES];
    for (ReservationType type : values()) {
      table[type.code] = type;
    }
    return table;
  }

  /** The type of a code, or null when there is none. */
  static @Nullable ReservationType of(int code) {
    return code >= 0 && code < MOST_CODES ? BY_CODE[code] : null;
  }

  /** Whether every registrant is a holder. */
  boolean isAllRegistrants() {
    return this == WRITE_EXCLUSIVE_ALL_REGISTRANTS || this == EXCLUSIVE_ACCESS_ALL_REGISTRANTS;
  }
}
