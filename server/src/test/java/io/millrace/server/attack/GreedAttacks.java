package io.millrace.server.attack;

import io.millrace.linux.EventFd;
import io.millrace.linux.LinuxException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Guests and front-ends that take all they can get: their neighbours on the same thread go on. */
final class GreedAttacks {
  private static final int LONGEST = 32_768;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** Requests that a neighbour must have done within the look. */
  private static final int LEAST_REQUESTS = 2;

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

  @Attack(
      id = "CVE-2016-5403",
      rule = "the largest requests cost the neighbours their share at most")
  static String aQueueFullOfTheLargestReads(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    int bytes = 4 << 20;
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

  @Attack(id = "CVE-2016-5403", rule = "there are as many sessions as fit, and room for the next")
  static String moreFrontEndsThanFit(Scene scene) throws Exception {
    int connected = 0;
    long deadline = System.nanoTime() + LOOK_NANOS;
    while (connected < 100 && System.nanoTime() < deadline) {
      try {
        scene.connect().say(Wire.GET_FEATURES, List.of());
        connected++;
      } catch (LinuxException e) {
        Thread.onSpinWait(); // the backlog is full for now
      }
    }
    scene.close();
    return "others go on";
  }

  @Attack(id = "CVE-2016-5403", rule = "a queue costs what it is used for, not what it could be")
  static String asManyQueuesAsLargeAsTheyCanBe(Scene scene) throws Exception {
    Reaction reaction = Reaction.ACCEPTED;
    int sessions = scene.bystander == null ? 1 : 10;
    for (int session = 0; session < sessions && reaction == Reaction.ACCEPTED; session++) {
      Attacker attacker = scene.begin();
      SplitRing ring = new SplitRing(attacker, 0, LONGEST, 0); // all of them lie here
      long queues = (attacker.protocol & Wire.P_MQ) == 0 ? 1 : attacker.ask(17);
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
