package io.millrace.server.attack;

/** Split rings and chains that no driver may write, and some that look so and are legal. */
final class SplitRingAttacks {
  private static final int GIB = 1 << 30;

  private SplitRingAttacks() {}

  private static Piece data(SplitRing ring) {
    return Piece.writable(ring.guest(Ring.DATA), 512);
  }

  /** A read into a buffer that the device must not reach. */
  private static String readInto(SplitRing ring, Piece buffer) {
    ring.chain(ring.header(Ring.T_IN, 0), buffer, ring.status());
    return ring.refused(0);
  }

  @Attack(
      id = "CVE-2018-1059",
      rule = "an address is translated with its length",
      millrace = "given back, used length 0; the queue goes on")
  static String aBufferThatLeavesItsRegion(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    readInto(ring, Piece.writable(ring.guest(Attacker.RAM_BYTES), 512));
    return readInto(ring, Piece.writable(ring.guest(Attacker.RAM_BYTES - 256), 512));
  }

  @Attack(
      id = "CVE-2018-1059",
      rule = "an address and its length are added with care",
      millrace = "given back, used length 0; the queue goes on")
  static String aBufferThatWrapsAround(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    long bytes = 2 << 20;
    Ram top = attacker.ram(-bytes, Attacker.USER + (64 << 20), bytes);
    Ram bottom = attacker.ram(0, Attacker.USER + (128 << 20), bytes);
    attacker.shareTable(attacker.ram, top, bottom);
    return readInto(attacker.ring(), Piece.writable(-256, 512));
  }

  @Attack(
      id = "CVE-2018-1059",
      rule = "a buffer over two regions is used piece by piece",
      millrace = "served, used length 513")
  static String aBufferOverTwoRegions(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    long border = Attacker.GUEST + Attacker.RAM_BYTES;
    Ram second = attacker.ram(border, Attacker.USER + (64 << 20), 2 << 20);
    attacker.shareTable(attacker.ram, second);
    SplitRing ring = attacker.ring();
    ring.writeFirstSectors();
    long before = Attacker.RAM_BYTES - 100;
    attacker.ram.poison(before, 100);
    second.poison(0, 1024);
    ring.chain(ring.header(Ring.T_IN, 3), Piece.writable(border - 100, 512), ring.status());

    String seen = ring.served(0, 513);

    attacker.ram.assertSector("the first region", before, 3, 0, 100);
    second.assertSector("the second region", 0, 3, 100, 412);
    second.assertUntouched("the second region behind the buffer", 412, 100);
    return seen;
  }

  @Attack(
      id = "CVE-2020-10725",
      rule = "address 0 is where no memory is, unless it was shared",
      millrace = "given back, used length 0; the queue goes on")
  static String aBufferAtAddressZero(Scene scene) throws Exception {
    return readInto(scene.ring(), Piece.writable(0, 512));
  }

  @Attack(
      id = "CVE-2020-10725",
      rule = "memory at guest address 0 is memory",
      millrace = "served, used length 513")
  static String memoryAtAddressZero(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    Ram low = attacker.ram(0, Attacker.USER + (64 << 20), 2 << 20);
    attacker.shareTable(attacker.ram, low);
    SplitRing ring = attacker.ring();
    ring.writeFirstSectors();
    ring.chain(ring.header(Ring.T_IN, 2), Piece.writable(0, 512), ring.status());
    String seen = ring.served(0, 513);
    low.assertSector("memory at 0", 0, 2, 0, 512);
    return seen;
  }

  @Attack(
      id = "CVE-2019-9547",
      rule = "a chain has as many descriptors as the table at most",
      millrace = "given back, used length 0; the queue goes on")
  static String aChainThatLoops(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.header(Ring.T_IN, 0);
    Piece readable = new Piece(ring.guest(Ring.HEADER), 16, Piece.NEXT);
    ring.descriptor(0, readable, 1);
    ring.descriptor(1, readable, 0);
    ring.refused(0);
    ring.descriptor(2, readable, 2);
    return ring.refused(2);
  }

  @Attack(
      id = "descriptor indices",
      rule = "next is below the table's size",
      millrace = "given back, used length 0")
  static String aNextBeyondTheTable(Scene scene) throws Exception {
    String last = "";
    for (int next : new int[] {16, 17, 0x8000, 0xffff}) {
      SplitRing ring = scene.ring();
      ring.chain(ring.header(Ring.T_IN, 0), data(ring), ring.status());
      // What a device finds there if it looks is a legal end of the chain.
      SplitRing.descriptor(ring.ram.host(16L * next), ring.status(), 0);
      ring.descriptor(1, new Piece(ring.guest(Ring.DATA), 512, Piece.WRITE | Piece.NEXT), next);
      if (next <= 17) {
        last = refusedAsIs(ring);
      } else {
        ring.refused(0);
      }
      scene.close();
    }
    return last;
  }

  /** Without a look at the queue afterwards: the ring behind the table was overwritten. */
  private static String refusedAsIs(SplitRing ring) {
    Answer answer = ring.submit(0);
    if (answer.isServed()) {
      throw Verdict.wrong("a descriptor behind the table was used: " + answer);
    }
    return answer.toString();
  }

  @Attack(
      id = "avail ring",
      rule = "an entry of the avail ring names a descriptor there is",
      millrace = "the queue stopped and signalled its error")
  static String aHeadBeyondTheTable(Scene scene) throws Exception {
    String last = "";
    for (int head : new int[] {16, 0x8000, 0xffff}) {
      SplitRing ring = scene.ring();
      Answer answer = ring.submit(head);
      if (answer.isServed()) {
        throw Verdict.wrong("head " + head + ": " + answer);
      }
      last = answer.toString();
      scene.close();
    }
    return last;
  }

  @Attack(
      id = "CVE-2016-5403",
      rule = "no more requests are in flight than the queue has descriptors",
      millrace = "0 requests were made of it; the queue stopped and signalled its error")
  static String anAvailIndexThatRunsAway(Scene scene) throws Exception {
    String last = "";
    for (int idx : new int[] {17, 0x8000, 0xffff}) {
      SplitRing ring = scene.ring();
      ring.chain(ring.header(Ring.T_IN, 0), data(ring), ring.status());
      ring.availIdx(idx);
      int answers = 0;
      Answer answer = ring.await();
      while (answer.how() == Answer.How.USED) {
        answers++;
        answer = ring.await();
      }
      if (answers > 16) {
        throw Verdict.lax(answers + " requests were made of a ring of 16 descriptors");
      }
      last = answers + " requests were made of it; " + answer;
      scene.close();
    }
    return last;
  }

  @Attack(
      id = "avail index modulo 2^16",
      rule = "indices go on at 0 behind 65535",
      millrace = "served, used length 513")
  static String indicesThatWrapAround(Scene scene) throws Exception {
    SplitRing ring = scene.begin().ring(16, 65_533);
    String seen = "";
    for (int i = 0; i < 8; i++) {
      ring.chain(ring.header(Ring.T_IN, i), data(ring), ring.status());
      seen = ring.served(0, 513);
    }
    return seen;
  }

  @Attack(
      id = "CVE-2016-5403",
      rule = "a descriptor offered twice is two requests or none",
      millrace = "16 of 16 given back")
  static String oneHeadInEveryEntry(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.chain(ring.header(Ring.T_IN, 0), data(ring), ring.status());
    for (int slot = 0; slot < 16; slot++) {
      ring.availEntry(slot, 0);
    }
    ring.availIdx(16);
    int answers = 0;
    while (answers < 17 && ring.await().how() == Answer.How.USED) {
      answers++;
    }
    if (answers > 16) {
      throw Verdict.wrong("16 were offered, more given back");
    }
    return answers + " of 16 given back";
  }

  @Attack(
      id = "CVE-2019-18960, CVE-2021-32845",
      rule = "the sum of a chain's lengths is made in 64 bits",
      millrace = "completed with status 1, used length 1; the queue goes on")
  static String lengthsWhoseSumOverflows(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    Ram large = attacker.ram(Attacker.GUEST + (64 << 20), Attacker.USER + (64 << 20), GIB);
    attacker.shareTable(attacker.ram, large);
    SplitRing ring = attacker.ring();
    ring.writeFirstSectors();
    Piece gibibyte = Piece.readable(large.guest, GIB);
    ring.chain( // 512 modulo 2^32
        ring.header(Ring.T_OUT, 0),
        gibibyte,
        gibibyte,
        gibibyte,
        gibibyte,
        Piece.readable(ring.guest(Ring.DATA + 512), 512),
        ring.status());
    String seen = ring.refused(0);
    ring.read(0, 1);
    ring.ram.assertSector("sector 0", Ring.DATA, 0, 0, 512);
    return seen;
  }

  @Attack(
      id = "CVE-2019-18960",
      rule = "a length is unsigned, and within one region",
      millrace = "given back, used length 0; the queue goes on")
  static String aLengthOfAllOnes(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    Ram large = attacker.ram(Attacker.GUEST + (64 << 20), Attacker.USER + (64 << 20), 5L * GIB);
    attacker.shareTable(attacker.ram, large);
    SplitRing ring = attacker.ring();
    readInto(ring, Piece.writable(large.guest, Integer.MIN_VALUE));
    readInto(ring, Piece.writable(large.guest, -512));
    Piece readable = Piece.readable(large.guest, Integer.MIN_VALUE + 512);
    ring.chain(ring.header(Ring.T_OUT, 0), readable, ring.status());
    return ring.refused(0);
  }

  @Attack(
      id = "direction flags",
      rule = "what the device reads stands before what it writes",
      millrace = "given back, used length 0; the queue goes on")
  static String aReadableBufferBehindAWritableOne(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.chain(
        ring.header(Ring.T_OUT, 0),
        Piece.writable(ring.guest(Ring.STATUS), 1),
        Piece.readable(ring.guest(Ring.DATA), 512));
    ring.ram.poison(Ring.DATA, 512);
    String seen = ring.refused(0);
    ring.ram.assertUntouched("a readable buffer", Ring.DATA, 512);
    return seen;
  }

  @Attack(
      id = "CVE-2022-2132",
      rule = "a chain with nowhere for the status is given back",
      millrace = "given back, used length 0; the queue goes on")
  static String nowhereForTheStatus(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.chain(ring.header(Ring.T_IN, 0));
    ring.refused(0);
    ring.ram.poison(Ring.DATA, 512);
    ring.chain(ring.header(Ring.T_OUT, 0), Piece.readable(ring.guest(Ring.DATA), 512));
    String seen = ring.refused(0);
    ring.ram.assertUntouched("a readable buffer", Ring.DATA, 512);
    return seen;
  }

  @Attack(
      id = "CVE-2022-2132",
      rule = "a chain too small for a header is no request",
      millrace = "completed with status 1, used length 1; the queue goes on")
  static String aHeaderThatIsTooShort(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.header(Ring.T_IN, 0);
    Piece shorter = Piece.readable(ring.guest(Ring.HEADER), 15);
    ring.chain(shorter, data(ring), ring.status());
    ring.refused(0);
    ring.chain(data(ring), ring.status());
    return ring.refused(0);
  }

  @Attack(
      id = "CVE-2022-2132",
      rule = "descriptors of no bytes mean nothing",
      millrace = "given back, used length 0; the queue goes on")
  static String descriptorsOfNoBytes(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    Piece nothing = Piece.readable(ring.guest(Ring.HEADER), 0);
    ring.chain(nothing, nothing, nothing);
    return ring.refused(0);
  }
}
