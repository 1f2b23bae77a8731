package io.millrace.server.attack;

/**
 * One descriptor of a chain.
 *
 * @param guest address
 * @param bytes length, unsigned
 * @param flags as they stand in memory; NEXT is added where a chain goes on
 */
record Piece(long guest, int bytes, int flags) {
  static final int NEXT = 1;
  static final int WRITE = 2;
  static final int INDIRECT = 4;

  /** What the device reads. */
  static Piece readable(long guest, int bytes) {
    return new Piece(guest, bytes, 0);
  }

  /** What the device writes. */
  static Piece writable(long guest, int bytes) {
    return new Piece(guest, bytes, WRITE);
  }

  static Piece indirect(long guest, int bytes) {
    return new Piece(guest, bytes, INDIRECT);
  }
}
