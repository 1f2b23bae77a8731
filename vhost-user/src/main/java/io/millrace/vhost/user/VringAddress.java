package io.millrace.vhost.user;

import java.nio.ByteBuffer;

/**
 * Where a ring lies ("A vring address description"). Addresses are those of the front-end's own
 * address space (with a vIOMMU: I/O virtual addresses), unchecked.
 *
 * @param index ring, 0 to {@link Limits#MAX_VRING_INDEX}
 * @param flags bit 0 ({@link #LOG}): writes to the used ring go to the dirty log
 * @param descriptors descriptor table
 * @param used used ring
 * @param available available ring
 * @param log guest address under which used ring writes are logged
 */
public record VringAddress(
    int index, int flags, long descriptors, long used, long available, long log) {
  /** Flag: log writes to the used ring (VHOST_VRING_F_LOG). */
  public static final int LOG = 1;

  static VringAddress decode(ByteBuffer from) throws ProtocolException {
    return new VringAddress(
        VringState.index("SET_VRING_ADDR", from.getInt()),
        from.getInt(),
        from.getLong(),
        from.getLong(),
        from.getLong(),
        from.getLong());
  }

  void encode(ByteBuffer to) {
    to.putInt(index).putInt(flags);
    to.putLong(descriptors).putLong(used).putLong(available).putLong(log);
  }
}
