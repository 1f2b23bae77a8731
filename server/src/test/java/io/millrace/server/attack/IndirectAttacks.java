package io.millrace.server.attack;

import java.util.List;

/** Indirect tables that no driver may write, and some that look so and are legal. */
final class IndirectAttacks {
  private IndirectAttacks() {}

  private static SplitRing ring(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    if ((attacker.offered & Wire.F_INDIRECT_DESC) == 0) {
      throw Verdict.notOffered("INDIRECT_DESC");
    }
    return attacker.ring();
  }

  /** A read of a sector as three entries of the table. */
  private static void readInTable(SplitRing ring, long sector) {
    Piece header = ring.header(Ring.T_IN, sector);
    ring.tableEntry(0, new Piece(header.guest(), 16, Piece.NEXT), 1);
    ring.tableEntry(1, new Piece(ring.guest(Ring.DATA), 512, Piece.NEXT | Piece.WRITE), 2);
    ring.tableEntry(2, ring.status(), 0);
  }

  private static Piece table(SplitRing ring, int bytes) {
    return Piece.indirect(ring.guest(Ring.TABLE), bytes);
  }

  @Attack(
      id = "oversized or nested indirect",
      rule = "a table is whole descriptors, one or more",
      millrace = "given back, used length 0; the queue goes on")
  static String tablesOfAnyLength(Scene scene) throws Exception {
    String last = "";
    for (int bytes : new int[] {0, 15, 47, 49, -16, -1, Integer.MIN_VALUE}) {
      SplitRing ring = ring(scene);
      readInTable(ring, 0);
      ring.chain(table(ring, bytes));
      last = ring.illegal(0);
      scene.close();
    }
    return last;
  }

  @Attack(
      id = "oversized or nested indirect",
      rule = "a table in a table is refused",
      millrace = "given back, used length 0; the queue goes on")
  static String aTableInATable(Scene scene) throws Exception {
    SplitRing ring = ring(scene);
    readInTable(ring, 0);
    ring.tableEntry(8, table(ring, 48), 0);
    ring.chain(Piece.indirect(ring.guest(Ring.TABLE + 128), 16));
    ring.illegal(0);
    ring.tableEntry(0, table(ring, 48), 0); // itself
    ring.chain(table(ring, 48));
    return ring.illegal(0);
  }

  @Attack(
      id = "oversized or nested indirect",
      rule = "INDIRECT and NEXT exclude each other",
      millrace = "given back, used length 0; the queue goes on")
  static String aTableWithANextDescriptor(Scene scene) throws Exception {
    SplitRing ring = ring(scene);
    readInTable(ring, 0);
    ring.chain(table(ring, 48), ring.status());
    return ring.illegal(0);
  }

  @Attack(
      id = "oversized or nested indirect",
      rule = "what was not negotiated is refused",
      millrace = "given back, used length 0; the queue goes on")
  static String aTableThatWasNotNegotiated(Scene scene) throws Exception {
    Attacker attacker = scene.connect().begin(Wire.F_VERSION_1 | Wire.F_PROTOCOL_FEATURES);
    SplitRing ring = attacker.ring();
    readInTable(ring, 0);
    ring.chain(table(ring, 48));
    return ring.illegal(0);
  }

  @Attack(
      id = "CVE-2019-9547",
      rule = "a chain has as many descriptors as its table at most",
      millrace = "given back, used length 0; the queue goes on")
  static String aTableThatLoops(Scene scene) throws Exception {
    SplitRing ring = ring(scene);
    readInTable(ring, 0);
    Piece readable = new Piece(ring.guest(Ring.HEADER), 16, Piece.NEXT);
    ring.tableEntry(0, readable, 1);
    ring.tableEntry(1, readable, 0);
    ring.chain(table(ring, 48));
    return ring.refused(0);
  }

  @Attack(
      id = "descriptor indices",
      rule = "next is below the table's size",
      millrace = "given back, used length 0; the queue goes on")
  static String aNextBeyondItsTable(Scene scene) throws Exception {
    String last = "";
    for (int next : new int[] {3, 4, 0xffff}) {
      SplitRing ring = ring(scene);
      readInTable(ring, 0);
      ring.tableEntry(1, new Piece(ring.guest(Ring.DATA), 512, Piece.NEXT | Piece.WRITE), next);
      if (next < 0xffff) {
        ring.tableEntry(next, ring.status(), 0); // a legal end for who looks there
      }
      ring.chain(table(ring, 48));
      last = ring.refused(0);
      scene.close();
    }
    return last;
  }

  @Attack(
      id = "CVE-2018-1059",
      rule = "a table is translated with its length",
      millrace = "given back, used length 0; the queue goes on")
  static String aTableThatLeavesItsRegion(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    if ((attacker.offered & Wire.F_INDIRECT_DESC) == 0) {
      throw Verdict.notOffered("INDIRECT_DESC");
    }
    Ram ram = attacker.ram;
    Ram other = attacker.ram(Attacker.GUEST + (64 << 20), Attacker.USER + (64 << 20), 2 << 20);
    long end = other.bytes - 2048; // what lies behind is in the file, and not in the region
    attacker.must(
        Wire.SET_MEM_TABLE,
        List.of(ram.file, other.file),
        Wire.payload(2, 0),
        Wire.payload(ram.region()),
        Wire.payload(other.guest, end, other.user, 0L));
    SplitRing ring = attacker.ring();
    Piece header = ring.header(Ring.T_IN, 0);
    SplitRing.descriptor(other.host(end - 32), new Piece(header.guest(), 16, Piece.NEXT), 1);
    Piece data = new Piece(ring.guest(Ring.DATA), 512, Piece.NEXT | Piece.WRITE);
    SplitRing.descriptor(other.host(end - 16), data, 2);
    SplitRing.descriptor(other.host(end), ring.status(), 0);
    ring.chain(Piece.indirect(other.guest + end - 32, 48));
    return ring.refused(0);
  }

  @Attack(
      id = "CVE-2018-1059, QEMU 85805ee8",
      rule = "a table over two regions is read entry by entry",
      millrace = "served, used length 513")
  static String aTableOverTwoRegions(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    if ((attacker.offered & Wire.F_INDIRECT_DESC) == 0) {
      throw Verdict.notOffered("INDIRECT_DESC");
    }
    Ram ram = attacker.ram;
    Ram second =
        attacker.ram(ram.guest + ram.bytes, Attacker.USER + (64 << 20), Attacker.RAM_BYTES);
    attacker.shareTable(ram, second);
    SplitRing ring = attacker.ring();
    ring.writeFirstSectors();
    // 128 entries in each region, all but three of no bytes.
    int entries = 256;
    Piece header = ring.header(Ring.T_IN, 5);
    for (int i = 0; i < entries; i++) {
      long host = i < 128 ? ram.host(ram.bytes - (128 - i) * 16L) : second.host((i - 128) * 16L);
      Piece piece =
          switch (i) {
            case 0 -> header;
            case 254 -> Piece.writable(ring.guest(Ring.DATA), 512);
            case 255 -> ring.status();
            default -> Piece.readable(ring.guest(Ring.HEADER), 0);
          };
      int next = i < entries - 1 ? Piece.NEXT : 0;
      SplitRing.descriptor(
          host, new Piece(piece.guest(), piece.bytes(), piece.flags() | next), i + 1);
    }
    ring.ram.poison(Ring.DATA, 512);
    ring.chain(Piece.indirect(ram.guest + ram.bytes - 128 * 16, entries * 16));

    String seen = ring.served(0, 513);

    ring.ram.assertSector("the buffer", Ring.DATA, 5, 0, 512);
    return seen;
  }

  @Attack(
      id = "indirect arithmetic",
      rule = "a table does not go on at address 0",
      millrace = "given back, used length 0; the queue goes on")
  static String aTableThatWrapsAround(Scene scene) throws Exception {
    SplitRing ring = ring(scene);
    ring.chain(Piece.indirect(-32, 64));
    ring.refused(0);
    ring.chain(Piece.indirect(Long.MAX_VALUE - 15, 32));
    return ring.refused(0);
  }

  @Attack(
      id = "CVE-2020-10725",
      rule = "a table at address 0, where no memory is, is refused",
      millrace = "given back, used length 0; the queue goes on")
  static String aTableAtAddressZero(Scene scene) throws Exception {
    SplitRing ring = ring(scene);
    ring.chain(Piece.indirect(0, 48));
    return ring.refused(0);
  }
}
