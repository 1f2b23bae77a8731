package io.millrace.server.attack;

import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;

/** A split ring written by hand, legal or not (virtio 1.3 §2.7). */
final class SplitRing extends Ring {
  private final int base;
  private final long avail;
  private final long used;
  private int availIdx;
  private int usedIdx;

  SplitRing(Attacker owner, int index, int size, int base) throws LinuxException {
    super(owner, index, size);
    this.base = base;
    avail = 16L * size;
    used = avail + 4 + 2L * size + 2 + 3 & -4L;
    availIdx = base;
    usedIdx = base & 0xffff;
    ram.putShort(avail + 2, base);
    ram.putShort(used + 2, base);
  }

  @Override
  Object[] addresses() {
    return new Object[] {index, 0, ram.user, ram.user + used, ram.user + avail, 0L};
  }

  @Override
  int base() {
    return base;
  }

  // ---- what the driver writes -------------------------------------------------------------------

  void descriptor(int at, Piece piece, int next) {
    descriptor(ram.host(16L * at), piece, next);
  }

  /** An entry of an indirect table in this ring's memory. */
  void tableEntry(int at, Piece piece, int next) {
    descriptor(ram.host(TABLE + 16L * at), piece, next);
  }

  static void descriptor(long host, Piece piece, int next) {
    RawMemory.putLong(host, piece.guest());
    RawMemory.putInt(host + 8, piece.bytes());
    RawMemory.putShort(host + 12, (short) piece.flags());
    RawMemory.putShort(host + 14, (short) next);
  }

  /** Links these from descriptor 0 on. */
  void chain(Piece... pieces) {
    chain(0, pieces);
  }

  void chain(int first, Piece... pieces) {
    for (int i = 0; i < pieces.length; i++) {
      boolean last = i == pieces.length - 1;
      Piece piece = pieces[i];
      int flags = piece.flags() | (last ? 0 : Piece.NEXT);
      descriptor(first + i, new Piece(piece.guest(), piece.bytes(), flags), first + i + 1);
    }
  }

  void availIdx(int idx) {
    availIdx = idx;
    ram.putShort(avail + 2, idx);
    kick();
  }

  void availEntry(int slot, int head) {
    ram.putShort(avail + 4 + 2L * slot, head);
  }

  /** Offers a chain as any driver does. */
  void offer(int head) {
    availEntry(availIdx & (size - 1), head);
    availIdx(availIdx + 1);
  }

  /** Offers a chain several times at once: legal or not, but a device has to live with it. */
  void offerAgainAndAgain(int head, int times) {
    for (int i = 0; i < times; i++) {
      availEntry(availIdx + i & (size - 1), head);
    }
    availIdx(availIdx + times);
  }

  /** Offers a chain as often as there is room, and as was given back. */
  void keepFull(int head) {
    for (int slot = 0; slot < size; slot++) {
      availEntry(slot, head);
    }
    availIdx(usedIdx() + size);
  }

  // ---- what the device answers ------------------------------------------------------------------

  int usedIdx() {
    return ram.getShort(used + 2);
  }

  /** Offers a chain and waits for what becomes of it. */
  Answer submit(int head) {
    ram.putByte(STATUS, Answer.NO_STATUS);
    offer(head);
    return await();
  }

  @Override
  boolean isAnswered() {
    return usedIdx() != usedIdx;
  }

  @Override
  Answer take() {
    long element = used + 4 + 8L * (usedIdx & (size - 1));
    usedIdx = usedIdx + 1 & 0xffff;
    return new Answer(
        Answer.How.USED, ram.getInt(element), ram.getInt(element + 4), ram.getByte(STATUS));
  }

  /** A chain that no device can serve: it must not complete as if it had been. */
  String refused(int head) {
    return refused(head, submit(head));
  }

  /** A chain that can be served by who is lenient, and that no driver may write. */
  String illegal(int head) {
    Answer answer = submit(head);
    if (answer.isServed()) {
      throw Verdict.lax("the request was " + answer);
    }
    return refused(head, answer);
  }

  private String refused(int head, Answer answer) {
    if (answer.isServed()) {
      throw Verdict.wrong("the request was " + answer);
    }
    if (answer.how() == Answer.How.USED && answer.id() != head) {
      throw Verdict.wrong("chain %d was offered, %d given back".formatted(head, answer.id()));
    }
    if (answer.how() == Answer.How.USED && answer.usedBytes() > 1) {
      throw Verdict.wrong("nothing was read from the disk, but " + answer);
    }
    return answer + thereafter(answer);
  }

  /** Whether a good request behind a bad one is served. */
  private String thereafter(Answer bad) {
    if (bad.how() == Answer.How.CLOSED || bad.how() == Answer.How.STOPPED) {
      return "";
    }
    chain(8, header(T_IN, 0), Piece.writable(guest(SCRATCH), 512), status());
    return submit(8).isServed() ? "; the queue goes on" : "; the queue serves no more";
  }

  /** A legal chain: served, and the used length what the device wrote. */
  String served(int head, int usedBytes) {
    Answer answer = submit(head);
    if (!answer.isServed()) {
      throw Verdict.strict("legal, but " + answer);
    }
    if (answer.usedBytes() != usedBytes) {
      throw Verdict.wrong("%s; the device wrote %d bytes".formatted(answer, usedBytes));
    }
    return "served, used length " + usedBytes;
  }

  /** Writes sectors 0 to 7 in the plainest way there is. */
  void writeFirstSectors() {
    for (int i = 0; i < 8; i++) {
      ram.fillSector(DATA + 512L * i, i);
    }
    chain(header(T_OUT, 0), Piece.readable(guest(DATA), 8 * 512), status());
    served(0, 1);
  }

  /** Reads sectors in the plainest way there is, to the place of the data. */
  void read(long sector, int sectors) {
    ram.poison(DATA, 512L * sectors);
    chain(header(T_IN, sector), Piece.writable(guest(DATA), 512 * sectors), status());
    served(0, 512 * sectors + 1);
  }
}
