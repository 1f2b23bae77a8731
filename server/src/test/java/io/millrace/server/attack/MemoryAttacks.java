package io.millrace.server.attack;

import java.util.Collections;
import java.util.List;

/** Tables of memory that cannot be, and memory that goes away. */
final class MemoryAttacks {
  private static final long MIB = 1 << 20;

  private MemoryAttacks() {}

  /** A table of one region, backed by 4 MiB. */
  private static String table(Scene scene, long guest, long bytes, long user, long offset)
      throws Exception {
    Attacker attacker = scene.connect().greet(0);
    return attacker.mustNot(
        Wire.SET_MEM_TABLE, List.of(attacker.ram.file), 1, 0, guest, bytes, user, offset);
  }

  @Attack(
      id = "CVE-2020-10722, as of memory",
      rule = "a region lies within its file",
      millrace = "the session was closed")
  static String aRegionBeyondItsFile(Scene scene) throws Exception {
    table(scene, Attacker.GUEST, Attacker.RAM_BYTES + 4096, Attacker.USER, 0);
    return table(scene, Attacker.GUEST, Attacker.RAM_BYTES, Attacker.USER, 4096);
  }

  @Attack(
      id = "CVE-2020-10722",
      rule = "offset and size are added with care",
      millrace = "the session was closed")
  static String anOffsetThatOverflows(Scene scene) throws Exception {
    return table(scene, Attacker.GUEST, 2 * MIB, Attacker.USER, -MIB);
  }

  @Attack(
      id = "CVE-2020-10722, as of memory",
      rule = "a region does not go on at address 0",
      millrace = "the session was closed")
  static String aRegionThatWrapsAround(Scene scene) throws Exception {
    table(scene, -4096, 8192, Attacker.USER, 0);
    return table(scene, Attacker.GUEST, 8192, -4096, 0);
  }

  @Attack(
      id = "CVE-2020-10725, as of memory",
      rule = "a region has bytes",
      millrace = "the session was closed")
  static String anEmptyRegion(Scene scene) throws Exception {
    return table(scene, Attacker.GUEST, 0, Attacker.USER, 0);
  }

  @Attack(
      id = "tables of memory",
      rule = "an address means one place",
      millrace = "the session was closed")
  static String regionsThatOverlap(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(0);
    Object[] one = {Attacker.GUEST, 2 * MIB, Attacker.USER, 0L};
    Object[] two = {Attacker.GUEST + MIB, 2 * MIB, Attacker.USER + 64 * MIB, 2 * MIB};
    return attacker.mustNot(
        Wire.SET_MEM_TABLE,
        Collections.nCopies(2, attacker.ram.file),
        2,
        0,
        Wire.payload(one),
        Wire.payload(two));
  }

  @Attack(
      id = "tables of memory",
      rule = "a table has eight regions at most",
      millrace = "the session was closed")
  static String moreRegionsThanATableHolds(Scene scene) throws Exception {
    String last = "";
    for (int count : new int[] {9, 1000, -1}) {
      Attacker attacker = scene.connect().greet(0);
      last =
          attacker.mustNot(
              Wire.SET_MEM_TABLE,
              Collections.nCopies(8, attacker.ram.file),
              count,
              0,
              new byte[8 * 32]);
      scene.close();
    }
    return last;
  }

  @Attack(
      id = "tables of memory",
      rule = "there are as many slots as were announced",
      millrace = "the session was closed")
  static String moreSlotsThanThereAre(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(0);
    if ((attacker.protocol & Wire.P_CONFIGURE_MEM_SLOTS) == 0) {
      throw Verdict.notOffered("CONFIGURE_MEM_SLOTS");
    }
    long slots = attacker.ask(36);
    Reaction reaction = Reaction.ACCEPTED;
    for (long i = 0; i <= slots && reaction == Reaction.ACCEPTED; i++) {
      reaction =
          attacker.tell(
              Wire.ADD_MEM_REG,
              List.of(attacker.ram.file),
              0L,
              Attacker.GUEST + i * 2 * MIB,
              2 * MIB,
              Attacker.USER + i * 2 * MIB,
              0L);
    }
    if (reaction == Reaction.ACCEPTED) {
      throw Verdict.lax("%d slots were announced, %d accepted".formatted(slots, slots + 1));
    }
    return reaction.toString();
  }

  @Attack(
      id = "CVE-2020-10726, as of memory",
      rule = "a ring whose memory goes is not touched",
      millrace = "the session was closed; a request was the session was closed")
  static String aRegionTakenFromUnderItsRing(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    Attacker attacker = ring.owner;
    Ram other = attacker.ram(Attacker.GUEST + 64 * MIB, Attacker.USER + 64 * MIB, 2 * MIB);
    Reaction reaction =
        attacker.tell(
            Wire.SET_MEM_TABLE,
            List.of(other.file),
            Wire.payload(1, 0),
            Wire.payload(other.region()));
    ring.chain(
        ring.header(Ring.T_IN, 0), Piece.writable(ring.guest(Ring.DATA), 512), ring.status());
    Answer answer = ring.submit(0);
    if (answer.how() == Answer.How.USED) {
      throw Verdict.wrong("memory that was taken away: " + answer);
    }
    return reaction + "; a request was " + answer;
  }

  @Attack(
      id = "memory that vanishes",
      rule = "a front-end that truncates what it shares loses its session, and nobody else",
      millrace = "no request was served; the session was closed")
  static String memoryThatIsTruncated(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    long guest = Attacker.GUEST + 64 * MIB;
    Ram vanishing = attacker.own(Ram.unsealed(guest, Attacker.USER + 64 * MIB, 2 * MIB));
    attacker.shareTable(attacker.ram, vanishing);
    SplitRing ring = attacker.ring();
    vanishing.truncate(0);
    ring.chain(ring.header(Ring.T_OUT, 0), Piece.readable(guest, 4096), ring.status());
    Answer write = ring.submit(0);
    ring.chain(ring.header(Ring.T_IN, 0), Piece.writable(guest, 4096), ring.status());
    Answer read = ring.submit(0);
    if (write.isServed() || read.isServed()) {
      throw Verdict.wrong("memory that is gone: a write was %s, a read %s".formatted(write, read));
    }
    return "no request was served; " + attacker.reactionInTheEnd();
  }
}
