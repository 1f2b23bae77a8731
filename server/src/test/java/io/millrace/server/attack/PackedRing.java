package io.millrace.server.attack;

import io.millrace.linux.LinuxException;

/** A packed ring written by hand, legal or not (virtio 1.3 §2.8). */
final class PackedRing extends Ring {
  private static final int AVAIL = 1 << 7;
  private static final int USED = 1 << 15;
  private static final int DRIVER_AREA = 0x8_0000;
  private static final int DEVICE_AREA = DRIVER_AREA + 64;
  private static final int START = 0x8000_8000; // both positions 0, both wrap counters 1

  private final int base;
  private int next; // where the next chain begins
  private boolean wrap = true;
  private int usedAt; // where the next used descriptor is expected
  private boolean usedWrap = true;
  private int chainLength; // of the chain that is out
  private boolean lap = true; // of a chain that fills the ring
  private int returnedAt;

  PackedRing(Attacker owner, int size, int base) throws LinuxException {
    super(owner, 0, size);
    this.base = base;
  }

  /** Where a driver begins. */
  static PackedRing fresh(Attacker owner) throws LinuxException {
    return fresh(owner, 16);
  }

  static PackedRing fresh(Attacker owner, int size) throws LinuxException {
    return new PackedRing(owner, size, START);
  }

  @Override
  Object[] addresses() {
    return new Object[] {index, 0, ram.user, ram.user + DEVICE_AREA, ram.user + DRIVER_AREA, 0L};
  }

  @Override
  int base() {
    return base;
  }

  /** The driver's event suppression, any bits. */
  void suppression(int offWrap, int flags) {
    ram.putShort(DRIVER_AREA, offWrap);
    ram.putShort(DRIVER_AREA + 2, flags);
  }

  /** One descriptor; made available at once. */
  void descriptor(int at, Piece piece, int id, boolean lap) {
    ram.putLong(16L * at, piece.guest());
    ram.putInt(16L * at + 8, piece.bytes());
    ram.putShort(16L * at + 12, id);
    ram.putShort(flagsAt(at), piece.flags() | (lap ? AVAIL : USED));
  }

  /** Offset of a descriptor's flags. */
  static long flagsAt(int at) {
    return 16L * at + 14;
  }

  /** Writes a chain behind the last one, its first descriptor last, and kicks. */
  void offer(int id, Piece... pieces) {
    int first = next;
    boolean firstLap = wrap;
    for (int i = 0; i < pieces.length; i++) {
      Piece piece = pieces[i];
      int more = i < pieces.length - 1 ? Piece.NEXT : 0;
      Piece linked = new Piece(piece.guest(), piece.bytes(), piece.flags() | more);
      if (i > 0) {
        descriptor(next, linked, id, wrap);
      }
      next++;
      if (next == size) {
        next = 0;
        wrap = !wrap;
      }
    }
    int more = pieces.length > 1 ? Piece.NEXT : 0;
    Piece head = pieces[0];
    descriptor(first, new Piece(head.guest(), head.bytes(), head.flags() | more), id, firstLap);
    chainLength = pieces.length;
    kick();
  }

  /** Writes a chain of the first lap, its first descriptor last; no kick. */
  void write(int first, int id, Piece... pieces) {
    for (int i = pieces.length - 1; i >= 0; i--) {
      int more = i < pieces.length - 1 ? Piece.NEXT : 0;
      Piece piece = pieces[i];
      Piece linked = new Piece(piece.guest(), piece.bytes(), piece.flags() | more);
      descriptor(first + i, linked, id, true);
    }
    chainLength = pieces.length;
  }

  /** Offers the chain that {@link #write} filled the ring with, again when it was given back. */
  void keepFull(int id, Piece head) {
    if (isAnswered()) {
      usedWrap = !usedWrap;
      lap = !lap;
      // Of the others the device looks at the flags that say what they are, which still stand.
      descriptor(0, new Piece(head.guest(), head.bytes(), head.flags() | Piece.NEXT), id, lap);
    }
    kick();
  }

  Answer submit(int id, Piece... pieces) {
    ram.putByte(STATUS, Answer.NO_STATUS);
    offer(id, pieces);
    return await();
  }

  @Override
  boolean isAnswered() {
    int flags = ram.getShort(flagsAt(usedAt));
    boolean avail = (flags & AVAIL) != 0;
    boolean used = (flags & USED) != 0;
    return avail == used && used == usedWrap;
  }

  @Override
  Answer take() {
    returnedAt = usedAt;
    usedAt += chainLength;
    if (usedAt >= size) {
      usedAt -= size;
      usedWrap = !usedWrap;
    }
    return new Answer(
        Answer.How.USED,
        ram.getShort(16L * returnedAt + 12),
        ram.getInt(16L * returnedAt + 8),
        ram.getByte(STATUS));
  }
}
