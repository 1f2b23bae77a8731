package io.millrace.server.attack;

import io.millrace.linux.RawMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Block requests of any shape: what is legal is served to the byte, what is not is refused. */
final class BlkAttacks {
  private static final int ID_BYTES = 20;
  private static final int CONFIG_BYTES = 60;

  private BlkAttacks() {}

  @Attack(
      id = "CVE-2022-2132",
      rule = "a header may lie in any number of descriptors",
      millrace = "served, used length 513")
  static String aHeaderInTwelveDescriptors(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.writeFirstSectors();
    ring.ram.fillSector(Ring.SCRATCH, 88);
    scatteredHeader(ring, Ring.T_OUT, 4, Piece.readable(ring.guest(Ring.SCRATCH), 512));
    ring.served(0, 1);
    scatteredHeader(ring, Ring.T_IN, 4, ring.data(512));
    String seen = ring.served(0, 513);
    ring.ram.assertSector("the buffer", Ring.DATA, 88, 0, 512);
    return seen;
  }

  /** A request whose header is in twelve pieces, far from each other: eleven bytes, then five. */
  private static void scatteredHeader(SplitRing ring, int type, long sector, Piece data) {
    ring.header(type, sector);
    Piece[] pieces = new Piece[14];
    for (int i = 0; i < 12; i++) {
      int bytes = i < 11 ? 1 : 5;
      long at = Ring.TABLE + 64L * i;
      ring.ram.poison(at, 64);
      RawMemory.copy(ring.ram.host(Ring.HEADER + i), ring.ram.host(at), bytes);
      pieces[i] = Piece.readable(ring.guest(at), bytes);
    }
    pieces[12] = data;
    pieces[13] = ring.status();
    ring.chain(pieces);
  }

  @Attack(
      id = "first descriptor of exactly 16 bytes",
      rule = "any framing is served",
      millrace = "served, used length 1")
  static String headerAndDataInOneDescriptor(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.ram.putInt(Ring.SCRATCH, Ring.T_OUT);
    ring.ram.putLong(Ring.SCRATCH + 8, 6);
    ring.ram.fillSector(Ring.SCRATCH + 16, 77);
    ring.chain(Piece.readable(ring.guest(Ring.SCRATCH), 16 + 512), ring.status());
    String seen = ring.served(0, 1);
    ring.read(6, 1);
    ring.ram.assertSector("sector 6", Ring.DATA, 77, 0, 512);
    return seen;
  }

  @Attack(
      id = "last descriptor of exactly 1 byte",
      rule = "any framing is served",
      millrace = "served, used length 513")
  static String dataAndStatusInOneDescriptor(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.writeFirstSectors();
    ring.ram.poison(Ring.STATUS - 512, 512);
    ring.ram.putInt(Ring.SCRATCH, Ring.T_IN);
    ring.ram.putLong(Ring.SCRATCH + 8, 7);
    Piece header = Piece.readable(ring.guest(Ring.SCRATCH), 16);
    Piece first = Piece.writable(ring.guest(Ring.DATA), 112);
    Piece rest = Piece.writable(ring.guest(Ring.STATUS - 400), 401);
    ring.chain(header, first, rest);
    String seen = ring.served(0, 513);
    ring.ram.assertSector("the first buffer", Ring.DATA, 7, 0, 112);
    ring.ram.assertSector("the second buffer", Ring.STATUS - 400, 7, 112, 400);
    ring.ram.assertUntouched("memory before it", Ring.STATUS - 512, 112);
    return seen;
  }

  @Attack(
      id = "direction flags",
      rule = "the device writes into writable buffers only",
      millrace = "completed with status 1, used length 1")
  static String aReadIntoReadableBuffers(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.ram.poison(Ring.DATA, 512);
    ring.chain(
        ring.header(Ring.T_IN, 0), Piece.readable(ring.guest(Ring.DATA), 512), ring.status());
    Answer answer = ring.submit(0);
    ring.ram.assertUntouched("a readable buffer", Ring.DATA, 512);
    if (answer.isServed() && answer.usedBytes() != 1) {
      throw Verdict.wrong("nothing was written, but " + answer);
    }
    return answer.toString();
  }

  @Attack(
      id = "direction flags",
      rule = "the device reads from readable buffers only",
      millrace = "completed with status 1, used length 1")
  static String aWriteFromWritableBuffers(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.writeFirstSectors();
    ring.ram.fillSector(Ring.SCRATCH, 99);
    ring.chain(
        ring.header(Ring.T_OUT, 1), Piece.writable(ring.guest(Ring.SCRATCH), 512), ring.status());
    Answer answer = ring.submit(0);
    if (answer.how() == Answer.How.USED) {
      ring.read(1, 1);
      ring.ram.assertSector("sector 1", Ring.DATA, 1, 0, 512);
    }
    return answer.toString();
  }

  @Attack(
      id = "direction flags",
      rule = "a status that is readable is not written",
      millrace = "given back, used length 0; the queue goes on")
  static String aStatusThatIsReadable(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.ram.poison(Ring.STATUS + 16, 1);
    ring.chain(
        ring.header(Ring.T_OUT, 0),
        Piece.readable(ring.guest(Ring.DATA), 512),
        Piece.readable(ring.guest(Ring.STATUS + 16), 1));
    String seen = ring.refused(0);
    ring.ram.assertUntouched("a readable status", Ring.STATUS + 16, 1);
    return seen;
  }

  @Attack(
      id = "sectors",
      rule = "sector and length are added with care",
      millrace = "completed with status 1, used length 1; the queue goes on")
  static String sectorsBeyondTheDisk(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    long capacity = capacity(ring.owner);
    String seen = "";
    for (long sector : new long[] {capacity - 1, capacity, 1L << 55, -1, -2, Long.MAX_VALUE}) {
      for (int type : new int[] {Ring.T_OUT, Ring.T_IN}) {
        int flags = type == Ring.T_IN ? Piece.WRITE : 0;
        ring.ram.poison(Ring.DATA, 1024);
        ring.chain(
            ring.header(type, sector),
            new Piece(ring.guest(Ring.DATA), 1024, flags),
            ring.status());
        seen = ring.refused(0);
      }
    }
    return seen;
  }

  /** In sectors, from the configuration. */
  private static long capacity(Attacker attacker) {
    return configuration(attacker).getLong(0);
  }

  /** The disk's configuration, struct virtio_blk_config. */
  static ByteBuffer configuration(Attacker attacker) {
    attacker.say(Wire.GET_CONFIG, attacker.none, 0, CONFIG_BYTES, 0, new byte[CONFIG_BYTES]);
    byte[] answer = attacker.connection.receive();
    if (answer == null || answer.length < Wire.HEADER_BYTES + CONFIG_BYTES) {
      throw Verdict.strict("the configuration was not answered");
    }
    ByteBuffer payload = ByteBuffer.wrap(answer, Wire.HEADER_BYTES, CONFIG_BYTES);
    return payload.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Attack(
      id = "16-byte payload over two buffers",
      rule = "any framing is served, to the byte",
      millrace = "served, used length 1")
  static String aRangeOverTwoDescriptors(Scene scene) throws Exception {
    SplitRing ring = ringWith(scene, Wire.F_BLK_WRITE_ZEROES, "WRITE_ZEROES");
    String seen = "";
    for (int first : new int[] {1, 5, 8, 12, 15}) {
      ring.writeFirstSectors();
      Piece header = ring.header(Ring.T_WRITE_ZEROES, 0);
      range(ring, 0, 2, 1);
      RawMemory.copy(ring.ram.host(Ring.DATA + first), ring.ram.host(Ring.SCRATCH), 16);
      ring.ram.poison(Ring.DATA + first, 16);
      ring.chain(
          header,
          Piece.readable(ring.guest(Ring.DATA), first),
          Piece.readable(ring.guest(Ring.SCRATCH), 16 - first),
          ring.status());
      seen = ring.served(0, 1);
      ring.read(1, 3);
      ring.ram.assertSector("sector 1", Ring.DATA, 1, 0, 512);
      ring.ram.assertSector("sector 3", Ring.DATA + 1024, 3, 0, 512);
      for (int i = 0; i < 512; i++) {
        if (ring.ram.getByte(Ring.DATA + 512 + i) != 0) {
          throw Verdict.wrong("sector 2 is not zero at byte " + i);
        }
      }
    }
    return seen;
  }

  @Attack(
      id = "ranges",
      rule = "a range lies on the disk; its end is computed with care",
      millrace = "completed with status 1, used length 1")
  static String rangesBeyondTheDisk(Scene scene) throws Exception {
    SplitRing ring = ringWith(scene, Wire.F_BLK_WRITE_ZEROES, "WRITE_ZEROES");
    long capacity = capacity(ring.owner);
    ring.writeFirstSectors();
    String seen = "";
    long[][] ranges = {{capacity - 1, 2}, {-8, 16}, {1L << 55, 8}, {0, 0xffff_ffffL}, {-1, 1}};
    for (long[] range : ranges) {
      Piece header = ring.header(Ring.T_WRITE_ZEROES, 0);
      range(ring, 0, range[0], (int) range[1]);
      ring.chain(header, Piece.readable(ring.guest(Ring.DATA), 16), ring.status());
      Answer answer = ring.submit(0);
      if (answer.isServed()) {
        throw Verdict.wrong(
            "a range of %d sectors at 0x%x was %s".formatted(range[1], range[0], answer));
      }
      seen = answer.toString();
    }
    ring.read(0, 8);
    for (int i = 0; i < 8; i++) {
      ring.ram.assertSector("sector " + i, Ring.DATA + 512L * i, i, 0, 512);
    }
    return seen;
  }

  @Attack(
      id = "ranges",
      rule = "ranges are whole, one or more, and no more than announced",
      millrace = "completed with status 1, used length 1; the queue goes on")
  static String rangesOfAnyLength(Scene scene) throws Exception {
    SplitRing ring = ringWith(scene, Wire.F_BLK_WRITE_ZEROES, "WRITE_ZEROES");
    ring.writeFirstSectors();
    String seen = "";
    for (int bytes : new int[] {0, 15, 17, 16 * 4096}) {
      Piece header = ring.header(Ring.T_WRITE_ZEROES, 0);
      for (int i = 0; i < 4096; i++) {
        range(ring, i, 0, 8);
      }
      ring.chain(header, Piece.readable(ring.guest(Ring.DATA), bytes), ring.status());
      seen = ring.refused(0);
    }
    return seen;
  }

  static SplitRing ringWith(Scene scene, long feature, String name) throws Exception {
    Attacker attacker = scene.begin();
    if ((attacker.offered & feature) == 0) {
      throw Verdict.notOffered(name);
    }
    return attacker.ring();
  }

  static void range(SplitRing ring, int at, long sector, int sectors) {
    ring.ram.putLong(Ring.DATA + 16L * at, sector);
    ring.ram.putInt(Ring.DATA + 16L * at + 8, sectors);
    ring.ram.putInt(Ring.DATA + 16L * at + 12, 0);
  }

  @Attack(
      id = "request types",
      rule = "a type that there is not is not done",
      millrace = "completed with status 2, used length 1; the queue goes on")
  static String typesThatThereAreNot(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.writeFirstSectors();
    String seen = "";
    for (int type : new int[] {2, 3, 7, 99, 0x4000_0000, -2}) {
      ring.ram.poison(Ring.DATA, 512);
      ring.chain(ring.header(type, 0), Piece.writable(ring.guest(Ring.DATA), 512), ring.status());
      seen = ring.refused(0);
      ring.ram.assertUntouched("the buffer", Ring.DATA, 512);
    }
    return seen;
  }

  @Attack(
      id = "stale bytes",
      rule = "what the device did not write it does not count",
      millrace = "completed with status 0, used length 21")
  static String anIdentityInALongBuffer(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.ram.poison(Ring.DATA, 512);
    ring.chain(
        ring.header(Ring.T_GET_ID, 0), Piece.writable(ring.guest(Ring.DATA), 200), ring.status());
    Answer answer = ring.submit(0);
    ring.ram.assertUntouched("the buffer behind it", Ring.DATA + ID_BYTES, 300);
    if (answer.isServed() && answer.usedBytes() > ID_BYTES + 1) {
      throw Verdict.wrong(answer + "; an identity has 20 bytes");
    }
    return answer.toString();
  }

  @Attack(
      id = "stale bytes",
      rule = "a read that fails discloses nothing and counts nothing",
      millrace = "completed with status 1, used length 1; the queue goes on")
  static String aReadThatFails(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.ram.poison(Ring.DATA, 8192);
    ring.chain(
        ring.header(Ring.T_IN, capacity(ring.owner) - 1),
        Piece.writable(ring.guest(Ring.DATA + 1), 4096),
        ring.status());
    String seen = ring.refused(0);
    ring.ram.assertUntouched("the buffer", Ring.DATA, 8192);
    return seen;
  }

  @Attack(
      id = "stale bytes",
      rule = "a read writes its buffer, wherever that lies, and no more",
      millrace = "served, used length 1025")
  static String aReadToAnOddAddress(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.writeFirstSectors();
    ring.ram.poison(Ring.DATA, 8192);
    ring.chain(
        ring.header(Ring.T_IN, 3),
        Piece.writable(ring.guest(Ring.DATA + 1001), 511),
        Piece.writable(ring.guest(Ring.DATA + 3001), 513),
        ring.status());
    String seen = ring.served(0, 1025);
    ring.ram.assertSector("the first buffer", Ring.DATA + 1001, 3, 0, 511);
    ring.ram.assertSector("the second buffer", Ring.DATA + 3002, 4, 0, 512);
    ring.ram.assertUntouched("memory before", Ring.DATA, 1001);
    ring.ram.assertUntouched("memory between", Ring.DATA + 1512, 1489);
    ring.ram.assertUntouched("memory behind", Ring.DATA + 3514, 1000);
    return seen;
  }

  @Attack(
      id = "used length",
      rule = "the used length is what the device wrote",
      millrace = "completed with status 1, used length 1; the queue goes on")
  static String lengthsOfNoWholeSectors(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.ram.poison(Ring.DATA, 1024);
    String seen = "";
    for (int bytes : new int[] {1, 511, 513}) {
      ring.chain(
          ring.header(Ring.T_IN, 0), Piece.writable(ring.guest(Ring.DATA), bytes), ring.status());
      seen = ring.refused(0);
    }
    return seen;
  }
}
