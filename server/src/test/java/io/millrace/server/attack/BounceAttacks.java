package io.millrace.server.attack;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import java.nio.file.Files;

/**
 * Memory that direct I/O cannot use, so that a back-end copies by a buffer of its own, in which
 * other guests' data was.
 */
final class BounceAttacks {
  /** Longer than the buffers there may be, and no whole number of them. */
  private static final int LONG_SECTORS = 600;

  private static final int CUT_BYTES = 4096;

  private BounceAttacks() {}

  @Attack(
      id = "bounce buffers",
      rule = "data is the same byte by byte, however the memory is aligned",
      millrace = "served, used length 307201")
  static String aLongTransferToOddAddresses(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    int bytes = 512 * LONG_SECTORS;
    long from = Ring.DATA + 3;
    for (int i = 0; i < LONG_SECTORS; i++) {
      ring.ram.fillSector(from + 512L * i, i + 5L);
    }
    ring.chain(ring.header(Ring.T_OUT, 1), Piece.readable(ring.guest(from), bytes), ring.status());
    ring.served(0, 1);

    long to = Ring.SCRATCH + 1001;
    ring.ram.poison(Ring.SCRATCH, bytes + 2048L);
    Piece header = ring.header(Ring.T_IN, 1);
    Piece first = Piece.writable(ring.guest(to), 513);
    Piece rest = Piece.writable(ring.guest(to + 513), bytes - 513);
    ring.chain(header, first, rest, ring.status());
    String seen = ring.served(0, bytes + 1);
    for (int i = 0; i < LONG_SECTORS; i++) {
      ring.ram.assertSector("sector " + (i + 1), to + 512L * i, i + 5L, 0, 512);
    }
    ring.ram.assertUntouched("memory before", Ring.SCRATCH, 1001);
    ring.ram.assertUntouched("memory behind", to + bytes, 1000);
    return seen;
  }

  @Attack(
      id = "stale bytes",
      rule = "what the storage did not fill of a buffer no guest gets to see",
      millrace = "completed with status 1, used length 4097")
  static String aReadBeyondWhereTheImageWasCut(Scene scene) throws Exception {
    if (scene.backEnd.image == null) {
      throw Verdict.notOffered("its image");
    }
    SplitRing ring = scene.ring();
    aLongTransferToOddAddresses(scene); // what stands in the buffer from now on
    long end = Files.size(scene.backEnd.image);
    try (FileDescriptor image = LinuxFiles.open(scene.backEnd.image, OpenFlag.READ_WRITE)) {
      LinuxFiles.truncate(image, end - CUT_BYTES);
      ring.ram.poison(Ring.DATA, 4L * CUT_BYTES);
      ring.chain(
          ring.header(Ring.T_IN, (end - 2 * CUT_BYTES) / 512),
          Piece.writable(ring.guest(Ring.DATA + 1), 2 * CUT_BYTES),
          ring.status());
      Answer answer = ring.submit(0);
      ring.ram.assertUntouched(
          "what the image does not have", Ring.DATA + 1 + CUT_BYTES, CUT_BYTES);
      if (answer.isServed() || answer.usedBytes() > CUT_BYTES + 1) {
        throw Verdict.wrong("half of it could be read, but it was " + answer);
      }
      return answer.toString();
    } finally {
      try (FileDescriptor image = LinuxFiles.open(scene.backEnd.image, OpenFlag.READ_WRITE)) {
        LinuxFiles.truncate(image, end);
      }
    }
  }
}
