package io.millrace.scsi;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** Names that are made of others, always the same. */
final class StableNames {
  private static final long NAA_LOCALLY_ASSIGNED = 3L << 60;

  private StableNames() {}

  /** An NAA locally assigned identifier (SPC-5 §7.7.6.6.4). */
  static long naa(String text) {
    UUID hash = UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8));
    return NAA_LOCALLY_ASSIGNED | (hash.getMostSignificantBits() >>> 4);
  }
}
