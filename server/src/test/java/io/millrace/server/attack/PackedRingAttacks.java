package io.millrace.server.attack;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Packed rings that no driver may write; where a back-end offers them. */
final class PackedRingAttacks {
  private static final long FEATURES =
      Wire.F_VERSION_1 | Wire.F_PROTOCOL_FEATURES | Wire.F_INDIRECT_DESC | Wire.F_RING_PACKED;

  private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  private PackedRingAttacks() {}

  static Attacker begin(Scene scene) throws Exception {
    Attacker attacker = scene.connect().begin(FEATURES);
    if ((attacker.offered & Wire.F_RING_PACKED) == 0) {
      throw Verdict.notOffered("RING_PACKED");
    }
    return attacker;
  }

  private static PackedRing ring(Scene scene) throws Exception {
    PackedRing ring = PackedRing.fresh(begin(scene));
    ring.start();
    return ring;
  }

  private static Answer read(PackedRing ring, int id) {
    return ring.submit(id, ring.header(Ring.T_IN, 0), ring.data(512), ring.status());
  }

  /** What no device can serve must not complete as if it had been. */
  private static String refused(PackedRing ring, int id, Piece... pieces) {
    Answer answer = ring.submit(id, pieces);
    if (answer.isServed()) {
      throw Verdict.wrong("the request was " + answer);
    }
    if (answer.how() == Answer.How.USED && answer.usedBytes() > 1) {
      throw Verdict.wrong("nothing was read from the disk, but " + answer);
    }
    return answer.toString();
  }

  /** What can be served by who is lenient, and no driver may write. */
  private static String illegal(PackedRing ring, int id, Piece... pieces) {
    Answer answer = ring.submit(id, pieces);
    if (answer.isServed()) {
      throw Verdict.lax("the request was " + answer);
    }
    return answer.toString();
  }

  @Attack(
      id = "packed rings",
      rule = "plain requests go round the ring",
      millrace = "served, used length 513")
  static String requestsThatWrapAround(Scene scene) throws Exception {
    PackedRing ring = ring(scene);
    for (int i = 0; i < 40; i++) {
      Answer answer = read(ring, i & 15);
      if (!answer.isServed()) {
        throw Verdict.strict("legal request " + i + ": " + answer);
      }
      if (answer.id() != (i & 15) || answer.usedBytes() != 513) {
        throw Verdict.wrong("id %d was given back for %d; %s".formatted(answer.id(), i, answer));
      }
    }
    return "served, used length 513";
  }

  @Attack(
      id = "SPDK #3860",
      rule = "a buffer's id is no index before it is checked",
      millrace = "the queue stopped and signalled its error")
  static String aBufferIdBeyondTheRing(Scene scene) throws Exception {
    String last = "";
    for (int id : new int[] {16, 4096, 0x7fff, 0xffff}) {
      PackedRing ring = ring(scene);
      Answer answer = read(ring, id);
      if (answer.how() == Answer.How.USED && answer.id() != id) {
        throw Verdict.wrong("id %d was offered, %d given back".formatted(id, answer.id()));
      }
      last = answer.toString();
      scene.close();
    }
    return last;
  }

  @Attack(
      id = "SPDK #3860",
      rule = "a buffer's id in flight twice harms nobody",
      millrace =
          "first completed with status 0, used length 513, second the queue stopped and signalled its error")
  static String oneBufferIdForTwoChains(Scene scene) throws Exception {
    PackedRing ring = ring(scene);
    Piece header = ring.header(Ring.T_IN, 0);
    ring.ram.putByte(Ring.STATUS, Answer.NO_STATUS);
    ring.write(3, 3, header, ring.data(512), ring.status());
    ring.write(0, 3, header, ring.data(512), ring.status()); // what makes both available is last
    ring.kick();
    return both(ring);
  }

  private static void pause() {
    long until = System.nanoTime() + QUIET_NANOS;
    while (System.nanoTime() < until) {
      LockSupport.parkNanos(QUIET_NANOS);
    }
  }

  /** What became of two chains; that the queue stopped may be told before the first is back. */
  private static String both(PackedRing ring) {
    Answer one = ring.await();
    Answer other = ring.await();
    boolean inOrder = one.how() == Answer.How.USED;
    return "first " + (inOrder ? one : other) + ", second " + (inOrder ? other : one);
  }

  @Attack(
      id = "SPDK #3860",
      rule = "a chain does not go on into one that is in flight",
      millrace =
          "first completed with status 0, used length 513, second the queue stopped and signalled its error")
  static String aChainThatGoesOnIntoAnother(Scene scene) throws Exception {
    PackedRing ring = ring(scene);
    Piece header = ring.header(Ring.T_IN, 0);
    ring.ram.putByte(Ring.STATUS, Answer.NO_STATUS);
    for (int at = ring.size - 1; at > 2; at--) {
      ring.descriptor(at, new Piece(header.guest(), 16, Piece.NEXT), 5, true);
    }
    ring.write(0, 3, header, ring.data(512), ring.status());
    ring.kick();
    return both(ring);
  }

  @Attack(
      id = "wrap counters",
      rule = "what is available has the wrap counter in one bit and its inverse in the other",
      millrace = "not taken; a request was completed with status 0, used length 513")
  static String aDescriptorThatSaysItIsUsed(Scene scene) throws Exception {
    PackedRing ring = ring(scene);
    ring.ram.putByte(Ring.STATUS, Answer.NO_STATUS);
    Piece header = ring.header(Ring.T_IN, 0);
    Piece used = new Piece(header.guest(), header.bytes(), header.flags() | 1 << 15);
    ring.write(0, 0, used, ring.data(512), ring.status()); // never without that flag
    ring.kick();
    pause();
    if (ring.ram.getByte(Ring.STATUS) != Answer.NO_STATUS) {
      throw Verdict.wrong("a descriptor that is used was taken");
    }
    return "not taken; a request was " + read(ring, 0);
  }

  @Attack(
      id = "unbounded NEXT loop",
      rule = "a chain has as many descriptors as the ring at most",
      millrace = "the queue stopped and signalled its error")
  static String aChainWithoutEnd(Scene scene) throws Exception {
    PackedRing ring = ring(scene);
    ring.header(Ring.T_IN, 0);
    Piece more = new Piece(ring.guest(Ring.HEADER), 16, Piece.NEXT);
    for (int at = ring.size - 1; at >= 0; at--) {
      ring.descriptor(at, more, at, true);
    }
    ring.kick();
    return ring.await().toString();
  }

  @Attack(
      id = "unbounded NEXT loop",
      rule = "a descriptor that is not available ends no chain",
      millrace = "given back, used length 0")
  static String aChainThatGoesOnWhereNothingIsAvailable(Scene scene) throws Exception {
    PackedRing ring = ring(scene);
    ring.header(Ring.T_IN, 0);
    ring.ram.putByte(Ring.STATUS, Answer.NO_STATUS);
    ring.descriptor(0, new Piece(ring.guest(Ring.HEADER), 16, Piece.NEXT), 0, true);
    ring.kick();
    Answer answer = ring.await();
    if (answer.isServed()) {
      throw Verdict.wrong("the request was " + answer);
    }
    return answer.toString();
  }

  @Attack(
      id = "CVE-2018-1059",
      rule = "an address is translated with its length",
      millrace = "given back, used length 0")
  static String aBufferThatLeavesItsRegion(Scene scene) throws Exception {
    String last = "";
    long end = Attacker.RAM_BYTES;
    for (long offset : new long[] {end, end - 256, -Attacker.GUEST, -Attacker.GUEST - 256}) {
      PackedRing ring = ring(scene);
      Piece outside = Piece.writable(ring.guest(offset), 512);
      last = refused(ring, 0, ring.header(Ring.T_IN, 0), outside, ring.status());
      scene.close();
    }
    return last;
  }

  @Attack(
      id = "oversized or nested indirect",
      rule = "a table is whole descriptors, one or more",
      millrace = "given back, used length 0")
  static String tablesOfAnyLength(Scene scene) throws Exception {
    String last = "";
    for (int bytes : new int[] {0, 15, 47, 49, 16 * 1025, -16, -1, Integer.MIN_VALUE}) {
      PackedRing ring = ring(scene);
      for (int at = 3; at < 1025; at++) {
        entry(ring, at, ring.data(0)); // so that it is the number of them that is wrong
      }
      readInTable(ring);
      last = illegal(ring, 0, Piece.indirect(ring.guest(Ring.TABLE), bytes));
      scene.close();
    }
    return last;
  }

  @Attack(
      id = "oversized or nested indirect",
      rule = "a table in a table is refused",
      millrace = "completed with status 1, used length 1")
  static String aTableInATable(Scene scene) throws Exception {
    PackedRing ring = ring(scene);
    readInTable(ring);
    entry(ring, 1, Piece.indirect(ring.guest(Ring.TABLE), 48));
    return illegal(ring, 0, Piece.indirect(ring.guest(Ring.TABLE), 48));
  }

  @Attack(
      id = "oversized or nested indirect",
      rule = "INDIRECT and NEXT exclude each other",
      millrace = "given back, used length 0")
  static String aTableWithANextDescriptor(Scene scene) throws Exception {
    PackedRing ring = ring(scene);
    readInTable(ring);
    return illegal(ring, 0, Piece.indirect(ring.guest(Ring.TABLE), 48), ring.status());
  }

  @Attack(
      id = "oversized or nested indirect",
      rule = "a table is a chain of its own",
      millrace = "given back, used length 0")
  static String aTableBehindADescriptor(Scene scene) throws Exception {
    PackedRing ring = ring(scene);
    Piece header = ring.header(Ring.T_IN, 0);
    entry(ring, 0, ring.data(512));
    entry(ring, 1, ring.status());
    return illegal(ring, 0, header, Piece.indirect(ring.guest(Ring.TABLE), 32));
  }

  @Attack(
      id = "oversized or nested indirect",
      rule = "of the flags in a table WRITE counts, and no other",
      millrace = "served, used length 513")
  static String flagsInATableThatMeanNothing(Scene scene) throws Exception {
    PackedRing ring = ring(scene);
    Answer answer = null;
    for (int noise : new int[] {0, Piece.NEXT, Piece.INDIRECT, 0xffff & ~Piece.WRITE}) {
      readInTable(ring);
      for (int at = 0; at < 3; at++) {
        long flags = Ring.TABLE + 16L * at + 14;
        ring.ram.putShort(flags, ring.ram.getShort(flags) | noise);
      }
      answer = ring.submit(0, Piece.indirect(ring.guest(Ring.TABLE), 48));
      if (!answer.isServed()) {
        throw Verdict.strict("legal, but " + answer);
      }
    }
    return "served, used length " + answer.usedBytes();
  }

  private static void readInTable(PackedRing ring) {
    entry(ring, 0, ring.header(Ring.T_IN, 0));
    entry(ring, 1, ring.data(512));
    entry(ring, 2, ring.status());
  }

  private static void entry(PackedRing ring, int at, Piece piece) {
    long offset = Ring.TABLE + 16L * at;
    ring.ram.putLong(offset, piece.guest());
    ring.ram.putInt(offset + 8, piece.bytes());
    ring.ram.putShort(offset + 12, 0);
    ring.ram.putShort(offset + 14, piece.flags());
  }

  @Attack(
      id = "CVE-2022-2132",
      rule = "a chain with nowhere for the status is given back",
      millrace = "given back, used length 0")
  static String nowhereForTheStatus(Scene scene) throws Exception {
    PackedRing ring = ring(scene);
    return refused(ring, 0, ring.header(Ring.T_IN, 0));
  }

  @Attack(
      id = "wrap counters",
      rule = "what the driver wants to be told of may be any bits",
      millrace = "served")
  static String eventSuppressionOfAnyBits(Scene scene) throws Exception {
    PackedRing ring = ring(scene);
    for (int flags : new int[] {3, 2, 0xffff}) {
      ring.suppression(0xffff, flags);
      Answer answer = read(ring, 0);
      if (!answer.isServed()) {
        throw Verdict.strict("a request was " + answer);
      }
    }
    if (ring.owner.reaction() != Reaction.ACCEPTED) {
      throw Verdict.strict("requests were served, but the session ended");
    }
    return "served";
  }

  @Attack(
      id = "CVE-2020-10723",
      rule = "a position lies in the ring",
      millrace = "the session was closed")
  static String aPositionBeyondTheRing(Scene scene) throws Exception {
    String last = "";
    for (int base : new int[] {0xffff_ffff, 0x8010_8010, 0x8000_ffff}) {
      PackedRing ring = new PackedRing(begin(scene), 16, base);
      Reaction reaction = startQuietly(ring);
      if (reaction != Reaction.ACCEPTED) {
        last = reaction.toString();
      } else {
        last = "accepted; a request was " + read(ring, 0);
      }
      scene.close();
    }
    return last;
  }

  private static Reaction startQuietly(PackedRing ring) {
    try {
      ring.start();
      return Reaction.ACCEPTED;
    } catch (Verdict refused) {
      return ring.owner.reaction() == Reaction.ACCEPTED ? Reaction.REFUSED : Reaction.CLOSED;
    }
  }

  @Attack(id = "CVE-2020-14374 to 14378", rule = "a descriptor's fields are read once")
  static String descriptorsThatChange(Scene scene) throws Exception {
    PackedRing ring = ring(scene);
    int dataFlags = Piece.NEXT | Piece.WRITE | 1 << 7;
    Answer answer;
    try (Rewriter _ =
        new Rewriter(() -> {
          ring.ram.putInt(16 + 8, -1);
          ring.ram.putLong(16, 0);
          ring.ram.putShort(PackedRing.flagsAt(1), 0);
          ring.ram.putShort(PackedRing.flagsAt(1), dataFlags | Piece.INDIRECT);
          ring.ram.putLong(16, ring.guest(Ring.DATA));
          ring.ram.putInt(16 + 8, 512);
          ring.ram.putShort(PackedRing.flagsAt(1), dataFlags);
        })) {
      int count = 0;
      do {
        answer = read(ring, 0);
        count++;
      } while (answer.how() == Answer.How.USED && count < 200);
    }
    return answer.toString();
  }
}
