package io.millrace.rpc.state;

import org.jspecify.annotations.Nullable;

/** One record put, or removed. */
public final class StateChange {
  private final String key;
  private final byte @Nullable [] value;

  private StateChange(String key, byte @Nullable [] value) {
    if (key.isEmpty()
        || key.length() > StateStore.MAX_KEY_BYTES
        || !key.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException("key '" + key + "'");
    }
    this.key = key;
    this.value = value;
  }

  /**
   * Sets a record.
   *
   * @param key 1 to {@link StateStore#MAX_KEY_BYTES} characters of printable ASCII
   * @param value 0 to {@link StateStore#MAX_VALUE_BYTES} bytes; copied
   */
  public static StateChange put(String key, byte[] value) {
    if (value.length > StateStore.MAX_VALUE_BYTES) {
      throw new IllegalArgumentException("a value of " + value.length + " bytes");
    }
    return new StateChange(key, value.clone());
  }

  /** Removes a record, if there is one. */
  public static StateChange remove(String key) {
    return new StateChange(key, null);
  }

  String key() {
    return key;
  }

  /** Null for a removal. */
  byte @Nullable [] value() {
    return value;
  }

  /** Bytes that it takes in a batch. */
  int bytes() {
    byte[] put = value;
    return 2 + key.length() + (put == null ? 0 : 4 + put.length);
  }
}
