package io.millrace.server.attack;

import java.util.concurrent.TimeUnit;

/**
 * Structures that the guest rewrites while the device reads them: what was checked must be what is
 * used. Each rewrites for a while; that a race was won cannot be seen, that it harmed can.
 */
final class RaceAttacks {
  private static final long HAMMER_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
  private static final int BURST = 14;
  private static final int DATA_DESCRIPTOR = 16; // its offset: the second of the table
  private static final int LENGTH = 8;
  private static final int FLAGS = 12;
  private static final int NEXT = 14;

  private RaceAttacks() {}

  private static SplitRing ring(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.writeFirstSectors();
    ring.chain(ring.header(Ring.T_IN, 0), ring.data(512), ring.status());
    return ring;
  }

  /**
   * Asks again and again, many times at once; what is claimed to be written is possible, and
   * nothing behind it was. Whether a device counts its status byte is another attack's affair.
   */
  private static String hammer(SplitRing ring, Runnable rewrite) {
    int count = 0;
    Answer answer = null;
    try (Rewriter _ = new Rewriter(rewrite)) {
      long deadline = System.nanoTime() + HAMMER_NANOS;
      boolean used = true;
      while (used && System.nanoTime() < deadline) {
        ring.ram.poison(Ring.DATA, 2048);
        ring.offerAgainAndAgain(0, BURST);
        int written = 0;
        for (int i = 0; i < BURST && used; i++) {
          answer = ring.await();
          used = answer.how() == Answer.How.USED;
          written = Math.max(written, used ? answer.usedBytes() : 1024);
          count++;
        }
        if (written > 1025) {
          throw Verdict.wrong(answer + ", which no version of the request allows");
        }
        ring.ram.assertUntouched("what was not claimed", Ring.DATA + written, 2048 - written);
      }
    }
    boolean ended = answer != null && answer.how() != Answer.How.USED;
    return ended ? "after " + count + " requests " + answer : "all given back";
  }

  @Attack(
      id = "CVE-2020-14374 to 14378",
      rule = "an address is read once, and that one is used",
      millrace = "all given back")
  static String anAddressThatChanges(Scene scene) throws Exception {
    SplitRing ring = ring(scene);
    return hammer(
        ring,
        () -> {
          ring.ram.putLong(DATA_DESCRIPTOR, ring.guest(Attacker.RAM_BYTES - 64));
          ring.ram.putLong(DATA_DESCRIPTOR, ring.guest(Ring.DATA));
        });
  }

  @Attack(
      id = "CVE-2020-14374 to 14378",
      rule = "a length is read once, and that one is used",
      millrace = "all given back")
  static String aLengthThatChanges(Scene scene) throws Exception {
    SplitRing ring = ring(scene);
    return hammer(
        ring,
        () -> {
          ring.ram.putInt(DATA_DESCRIPTOR + LENGTH, 1024);
          ring.ram.putInt(DATA_DESCRIPTOR + LENGTH, 1 << 23);
          ring.ram.putInt(DATA_DESCRIPTOR + LENGTH, 512);
        });
  }

  @Attack(
      id = "CVE-2020-14374 to 14378",
      rule = "flags are read once: a buffer has one direction",
      millrace = "all given back")
  static String aDirectionThatChanges(Scene scene) throws Exception {
    SplitRing ring = ring(scene);
    return hammer(
        ring,
        () -> {
          ring.ram.putShort(DATA_DESCRIPTOR + FLAGS, Piece.NEXT);
          ring.ram.putShort(DATA_DESCRIPTOR + FLAGS, Piece.NEXT | Piece.WRITE);
        });
  }

  @Attack(
      id = "CVE-2020-14374 to 14378",
      rule = "next is read once, and that one is followed",
      millrace = "all given back")
  static String aNextThatChanges(Scene scene) throws Exception {
    SplitRing ring = ring(scene);
    return hammer(
        ring,
        () -> {
          ring.ram.putShort(DATA_DESCRIPTOR + NEXT, 0xffff);
          ring.ram.putShort(DATA_DESCRIPTOR + NEXT, 2);
        });
  }

  @Attack(
      id = "CVE-2020-14374 to 14378",
      rule = "a header is read once: what was checked is done",
      millrace = "all given back")
  static String aHeaderThatChanges(Scene scene) throws Exception {
    SplitRing ring = ring(scene);
    return hammer(
        ring,
        () -> {
          ring.ram.putLong(Ring.HEADER + 8, 1L << 54);
          ring.ram.putInt(Ring.HEADER, Ring.T_GET_ID);
          ring.ram.putLong(Ring.HEADER + 8, 1);
          ring.ram.putInt(Ring.HEADER, Ring.T_IN);
        });
  }

  @Attack(
      id = "CVE-2020-14374 to 14378",
      rule = "a table's address and length are read once",
      millrace = "all given back")
  static String anIndirectTableThatChanges(Scene scene) throws Exception {
    SplitRing ring = ring(scene);
    if ((ring.owner.offered & Wire.F_INDIRECT_DESC) == 0) {
      throw Verdict.notOffered("INDIRECT_DESC");
    }
    Piece header = ring.header(Ring.T_IN, 0);
    ring.tableEntry(0, new Piece(header.guest(), 16, Piece.NEXT), 1);
    ring.tableEntry(1, new Piece(ring.guest(Ring.DATA), 512, Piece.NEXT | Piece.WRITE), 2);
    ring.tableEntry(2, ring.status(), 0);
    ring.chain(Piece.indirect(ring.guest(Ring.TABLE), 48));
    return hammer(
        ring,
        () -> {
          ring.ram.putLong(0, ring.guest(Attacker.RAM_BYTES - 16));
          ring.ram.putInt(LENGTH, -16);
          ring.ram.putShort(Ring.TABLE + NEXT, 0xffff);
          ring.ram.putLong(0, ring.guest(Ring.TABLE));
          ring.ram.putInt(LENGTH, 48);
          ring.ram.putShort(Ring.TABLE + NEXT, 1);
        });
  }

  @Attack(
      id = "DISCARD, WRITE_ZEROES segment read twice",
      rule = "a range is read once: what was checked is done",
      millrace = "all given back")
  static String aRangeThatChanges(Scene scene) throws Exception {
    SplitRing ring = BlkAttacks.ringWith(scene, Wire.F_BLK_WRITE_ZEROES, "WRITE_ZEROES");
    int payload = Ring.SCRATCH;
    ring.ram.putLong(payload + 8, 8);
    ring.chain(
        ring.header(Ring.T_WRITE_ZEROES, 0),
        Piece.readable(ring.guest(payload), 16),
        ring.status());
    return hammer(
        ring,
        () -> {
          ring.ram.putLong(payload, 1L << 54);
          ring.ram.putInt(payload + 8, -8);
          ring.ram.putLong(payload, 8);
          ring.ram.putInt(payload + 8, 8);
        });
  }
}
