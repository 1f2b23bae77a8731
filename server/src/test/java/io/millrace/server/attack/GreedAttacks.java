package io.millrace.server.attack;

import io.millrace.linux.EventFd;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Guests and front-ends that take all they can get: their neighbours on the same thread go on. */
final class GreedAttacks {
  private static final int LONGEST = 32_768;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** Requests that a neighbour must have done within the look: one in 25 ms. */
  private static final int LEAST_REQUESTS = 20;

  /** Lines that a log may grow by while something is done a million times. */
  private static final int MOST_LINES = 20;

  /** More than there is room for at once. */
  private static final int CROWD = 70;

  private static final int FLOOD = 1_000_000;
  private static final long FLOOD_NANOS = TimeUnit.SECONDS.toNanos(30);

  private GreedAttacks() {}

  /** Counts what a neighbour gets done while the greedy one is kept busy. */
  private static String neighbour(Scene scene, Runnable greed) throws Exception {
    if (scene.bystander == null) {
      throw Verdict.notOffered("a second session");
    }
    int alone = requests(scene.bystander);
    int beside;
    try (Rewriter _ = new Rewriter(greed)) {
      beside = requests(scene.bystander);
      Bystander.join(scene.backEnd.socket).close(); // the control thread has other things to do too
    }
    if (beside < LEAST_REQUESTS) {
      throw Verdict.hang("%d requests of a neighbour, %d alone".formatted(beside, alone));
    }
    return "%d requests of a neighbour, %d alone".formatted(beside, alone);
  }

  private static int requests(Bystander bystander) {
    long deadline = System.nanoTime() + LOOK_NANOS;
    int count = 0;
    while (System.nanoTime() < deadline) {
      bystander.request();
      count++;
    }
    return count;
  }

  @Attack(id = "CVE-2016-5403", rule = "the longest chains cost the neighbours their share at most")
  static String aQueueFullOfTheLongestChains(Scene scene) throws Exception {
    SplitRing ring = scene.begin().ring(LONGEST, 0);
    Piece[] pieces = new Piece[LONGEST];
    pieces[0] = ring.header(Ring.T_IN, 0);
    for (int i = 1; i < LONGEST - 1; i++) {
      pieces[i] = Piece.writable(ring.guest(Ring.DATA), 1);
    }
    pieces[LONGEST - 1] = ring.status();
    ring.chain(pieces);
    return neighbour(scene, () -> ring.keepFull(0));
  }

  @Attack(id = "CVE-2016-5403", rule = "the longest chains cost the neighbours their share at most")
  static String aPackedRingFullOfTheLongestChain(Scene scene) throws Exception {
    PackedRing ring = PackedRing.fresh(PackedRingAttacks.begin(scene), LONGEST);
    Piece[] pieces = new Piece[LONGEST];
    pieces[0] = ring.header(Ring.T_IN, 0);
    for (int i = 1; i < LONGEST - 1; i++) {
      pieces[i] = Piece.writable(ring.guest(Ring.DATA), 1);
    }
    pieces[LONGEST - 1] = ring.status();
    ring.start();
    ring.write(0, 0, pieces);
    return neighbour(scene, () -> ring.keepFull(0, pieces[0]));
  }

  @Attack(
      id = "CVE-2016-5403",
      rule = "zeroing all of the disk, range by range, costs the neighbours their share at most")
  static String aQueueFullOfZeroing(Scene scene) throws Exception {
    SplitRing small = BlkAttacks.ringWith(scene, Wire.F_BLK_WRITE_ZEROES, "WRITE_ZEROES");
    ByteBuffer config = BlkAttacks.configuration(small.owner);
    int sectors = Math.min(config.getInt(48), Bystander.FIRST); // max_write_zeroes_sectors
    int ranges = Math.min(config.getInt(52), 64); // max_write_zeroes_seg
    scene.close();
    SplitRing ring = scene.begin().ring(256, 0);
    Piece header = ring.header(Ring.T_WRITE_ZEROES, 0);
    for (int i = 0; i < ranges; i++) {
      BlkAttacks.range(ring, i, 0, sectors);
    }
    ring.chain(header, Piece.readable(ring.guest(Ring.DATA), 16 * ranges), ring.status());
    ring.served(0, 1);
    return neighbour(scene, () -> ring.keepFull(0));
  }

  @Attack(
      id = "CVE-2016-5403",
      rule = "the largest requests cost the neighbours their share at most")
  static String aQueueFullOfTheLargestReads(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    int bytes = 32 << 20;
    Ram large = attacker.ram(Attacker.GUEST + (64 << 20), Attacker.USER + (64 << 20), bytes);
    attacker.shareTable(attacker.ram, large);
    SplitRing ring = attacker.ring(256, 0);
    ring.chain(ring.header(Ring.T_IN, 0), Piece.writable(large.guest, bytes), ring.status());
    return neighbour(scene, () -> ring.keepFull(0));
  }

  @Attack(id = "kick storm", rule = "kicks for nothing cost the neighbours their share at most")
  static String kicksForNothing(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    return neighbour(scene, () -> EventFd.signal(ring.kick.number()));
  }

  @Attack(id = "kick storm", rule = "kicks for nothing cost the neighbours their share at most")
  static String kicksForNothingOnEveryQueue(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    SplitRing first = attacker.ring();
    List<SplitRing> rings = new ArrayList<>(List.of(first));
    long queues = (attacker.protocol & Wire.P_MQ) == 0 ? 1 : attacker.ask(Wire.GET_QUEUE_NUM);
    for (int i = 1; i < Math.min(queues, 64); i++) {
      SplitRing ring = new SplitRing(attacker, i, 16, 0); // none of them is used: one place will do
      ring.start();
      rings.add(ring);
    }
    return neighbour(scene, () -> rings.forEach(ring -> EventFd.signal(ring.kick.number())));
  }

  @Attack(id = "message storm", rule = "who never stops sending keeps nobody else waiting")
  static String messagesWithoutEnd(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(0);
    byte[] one = Wire.message(Wire.SET_OWNER, 0).array();
    ByteBuffer many = ByteBuffer.allocate(1000 * one.length);
    while (many.hasRemaining()) {
      many.put(one);
    }
    many.flip();
    return neighbour(scene, () -> attacker.connection.send(many.duplicate(), List.of()));
  }

  @Attack(
      id = "CVE-2016-5403",
      rule = "there are as many sessions as fit, and room for the next",
      millrace = "as many as fit are served; then the session was closed")
  static String moreFrontEndsThanFit(Scene scene) throws Exception {
    Reaction reaction = Reaction.ACCEPTED;
    for (int i = 0; i < CROWD && reaction != Reaction.SILENT; i++) {
      // Each is waited for: whoever left again before it was looked at was never one too many.
      reaction = scene.connect().reaction();
    }
    scene.close();
    return "as many as fit are served; then " + reaction;
  }

  @Attack(
      id = "log flood",
      rule = "what is done a million times is said a few times, with who did it and what it was",
      millrace =
          "said: disk.sock queue 0: the guest offered a bad descriptor chain (BAD_ADDRESS); given back"
              + " unserved, 1 so far")
  static String aMillionBadChains(Scene scene) throws Exception {
    int before = scene.backEnd.said().size();
    SplitRing ring = scene.begin().ring(1024, 0);
    ring.chain(
        ring.header(Ring.T_IN, 0),
        Piece.writable(ring.guest(Attacker.RAM_BYTES), 512),
        ring.status());
    long deadline = System.nanoTime() + FLOOD_NANOS;
    int done = 0;
    int last = 0;
    while (done < FLOOD) {
      ring.keepFull(0);
      int now = ring.usedIdx();
      done += now - last & 0xffff;
      last = now;
      if (System.nanoTime() > deadline) {
        throw Verdict.strict("only " + done + " chains were given back");
      }
    }
    List<String> said = scene.backEnd.said();
    List<String> more = said.subList(before, said.size());
    if (more.size() > MOST_LINES) {
      throw Verdict.lax("%d lines, such as: %s".formatted(more.size(), more.getLast()));
    }
    return more.stream()
        .filter(line -> line.contains(" queue "))
        .findFirst()
        .map(line -> "said: " + line.replaceFirst("^.* ([^ ]*)#\\d+ queue ", "$1 queue "))
        .orElse("said nothing of it");
  }

  @Attack(
      id = "CVE-2016-5403",
      rule = "a queue costs what it is used for, or there is an end to what all may cost",
      millrace = "the session was closed")
  static String asManyQueuesAsLargeAsTheyCanBe(Scene scene) throws Exception {
    Reaction reaction = Reaction.ACCEPTED;
    int sessions = scene.bystander == null ? 1 : 10;
    for (int session = 0; session < sessions && reaction == Reaction.ACCEPTED; session++) {
      Attacker attacker = scene.begin();
      SplitRing ring = new SplitRing(attacker, 0, LONGEST, 0); // all of them lie here
      long queues = (attacker.protocol & Wire.P_MQ) == 0 ? 1 : attacker.ask(Wire.GET_QUEUE_NUM);
      for (int i = 0; i < queues && reaction == Reaction.ACCEPTED; i++) {
        Object[] addresses = ring.addresses();
        addresses[0] = i;
        attacker.say(Wire.SET_VRING_NUM, attacker.none, i, LONGEST);
        attacker.say(Wire.SET_VRING_BASE, attacker.none, i, 0);
        attacker.say(Wire.SET_VRING_ADDR, attacker.none, addresses);
        attacker.say(Wire.SET_VRING_CALL, List.of(ring.call), (long) i);
        attacker.say(Wire.SET_VRING_KICK, List.of(ring.kick), (long) i);
        reaction = attacker.tell(Wire.SET_VRING_ENABLE, attacker.none, i, 1);
      }
    }
    return reaction.toString();
  }
}
