package io.millrace.server.attack;

import io.millrace.linux.LinuxException;
import java.nio.file.Path;

/** Another front-end on the same disk, well-behaved: it proves that it is served. */
final class Bystander implements AutoCloseable {
  private static final int SECTORS = 8;
  static final int FIRST = 65_536; // no attack writes from here on
  private static final int PLACES = 1024;

  private static int joined;

  private final Attacker session;
  private final SplitRing ring;
  private final long sector; // its own, which nobody else writes
  private long round;

  private Bystander(Attacker session, SplitRing ring) {
    this.session = session;
    this.ring = ring;
    this.sector = FIRST + (long) SECTORS * (joined++ % PLACES);
  }

  static Bystander join(Path socket) throws Exception {
    Attacker session = Attacker.connect(socket);
    try {
      session.begin();
      Bystander bystander = new Bystander(session, session.ring());
      bystander.verify();
      return bystander;
    } catch (LinuxException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /** What it wrote last is still there; it writes other data, and reads that. */
  void verify() {
    if (round > 0) {
      assertOnDisk();
    }
    round++;
    for (int i = 0; i < SECTORS; i++) {
      ring.ram.fillSector(Ring.DATA + 512L * i, round * SECTORS + i);
    }
    ring.chain(
        ring.header(Ring.T_OUT, sector),
        Piece.readable(ring.guest(Ring.DATA), SECTORS * 512),
        ring.status());
    expect(ring.submit(0));
    assertOnDisk();
  }

  private void assertOnDisk() {
    request();
    for (int i = 0; i < SECTORS; i++) {
      String what = "sector " + (sector + i) + " of a bystander";
      ring.ram.assertSector(what, Ring.DATA + 512L * i, round * SECTORS + i, 0, 512);
    }
  }

  /** One read, of which nobody looks at the data. */
  void request() {
    ring.chain(
        ring.header(Ring.T_IN, sector),
        Piece.writable(ring.guest(Ring.DATA), SECTORS * 512),
        ring.status());
    expect(ring.submit(0));
  }

  private static void expect(Answer answer) {
    if (!answer.isServed()) {
      throw Verdict.hang("a bystander's request: " + answer);
    }
  }

  @Override
  public void close() {
    session.close();
  }
}
