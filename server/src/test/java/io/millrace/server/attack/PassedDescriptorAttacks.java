package io.millrace.server.attack;

import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.SocketPair;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Descriptors that come with messages: where none belong, too many, again and again, unfit. */
final class PassedDescriptorAttacks {
  private static final int MOST_OF_A_MESSAGE = 8;
  private static final int ROOM = 16; // for what a session rightly has open

  private PassedDescriptorAttacks() {}

  private static List<FileDescriptor> many(Attacker attacker, int count) throws LinuxException {
    return Collections.nCopies(count, attacker.eventFd());
  }

  @Attack(
      id = "CVE-2019-14818",
      rule = "every descriptor is closed once, with whichever message it comes",
      millrace = "closed, all of them")
  static String descriptorsWithEveryMessageThereIs(Scene scene) throws Exception {
    int[] payloads = {0, 8, 40};
    for (int request = 1; request < Wire.END_OF_REQUESTS; request++) {
      for (int bytes : payloads) {
        Attacker attacker = scene.connect().greet(0);
        attacker.say(request, many(attacker, MOST_OF_A_MESSAGE), new byte[bytes]);
        attacker.reaction();
        scene.close();
      }
    }
    return "closed, all of them";
  }

  @Attack(
      id = "CVE-2019-14818",
      rule = "a message with too many descriptors loses none of them",
      millrace = "closed, all of them")
  static String asManyDescriptorsAsTheKernelCarries(Scene scene) throws Exception {
    for (int request : new int[] {Wire.GET_FEATURES, Wire.SET_MEM_TABLE, Wire.SET_VRING_KICK}) {
      Attacker attacker = scene.connect().greet(0);
      attacker.say(request, many(attacker, DescriptorPassing.MAX_DESCRIPTORS), 0L);
      attacker.reaction();
      scene.close();
    }
    return "closed, all of them";
  }

  @Attack(
      id = "CVE-2022-0669",
      rule = "descriptors with in-flight messages are closed",
      millrace = "closed, all of them")
  static String descriptorsWithInflightMessages(Scene scene) throws Exception {
    for (int request : new int[] {Wire.GET_INFLIGHT_FD, Wire.SET_INFLIGHT_FD}) {
      Attacker attacker = scene.connect().greet(Wire.P_INFLIGHT_SHMFD);
      attacker.say(request, many(attacker, 7), 4096L, 0L, (short) 1, (short) 16, 0);
      attacker.reaction();
      scene.close();
    }
    return "closed, all of them";
  }

  @Attack(
      id = "CVE-2019-14818",
      rule = "descriptors of a message that never ends are closed",
      millrace = "closed with the session")
  static String descriptorsWithHalfAMessage(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(0);
    ByteBuffer half = Wire.message(Wire.SET_MEM_TABLE, 0, new byte[40]);
    attacker.connection.send(half.limit(20), many(attacker, MOST_OF_A_MESSAGE));
    return "closed with the session";
  }

  @Attack(
      id = "CVE-2020-10726",
      rule = "what a message gives again replaces what there was",
      millrace = "replaced")
  static String eventsReplacedAgainAndAgain(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    Attacker attacker = ring.owner;
    int before = scene.backEnd.descriptors();
    int[] requests = {Wire.SET_VRING_KICK, Wire.SET_VRING_CALL, Wire.SET_VRING_ERR};
    for (int i = 0; i < 100; i++) {
      for (int request : requests) {
        FileDescriptor mine = request == Wire.SET_VRING_KICK ? ring.kick : attacker.eventFd();
        attacker.must(request, List.of(mine), 0L);
      }
    }
    return openAfter(scene, before);
  }

  @Attack(
      id = "CVE-2020-10726",
      rule = "what a message gives again replaces what there was",
      millrace = "replaced")
  static String memoryReplacedAgainAndAgain(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    int before = scene.backEnd.descriptors();
    for (int i = 0; i < 50; i++) {
      attacker.shareTable(attacker.ram(Attacker.GUEST, Attacker.USER, 2 << 20));
    }
    return openAfter(scene, before);
  }

  @Attack(
      id = "CVE-2020-10726",
      rule = "what a message gives again replaces what there was",
      millrace = "replaced")
  static String backEndChannelReplacedAgainAndAgain(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(Wire.P_BACKEND_REQ);
    if ((attacker.protocol & Wire.P_BACKEND_REQ) == 0) {
      throw Verdict.notOffered("BACKEND_REQ");
    }
    int before = scene.backEnd.descriptors();
    for (int i = 0; i < 50; i++) {
      List<FileDescriptor> pair = SocketPair.create();
      pair.forEach(attacker::own);
      attacker.must(Wire.SET_BACKEND_REQ_FD, pair.subList(0, 1));
    }
    return openAfter(scene, before);
  }

  private static String openAfter(Scene scene, int before) throws Exception {
    int more = scene.backEnd.settledDescriptors(before + ROOM) - before;
    if (more > ROOM) {
      throw Verdict.leak("descriptors open while the session lasts: " + more);
    }
    return "replaced";
  }

  @Attack(
      id = "descriptors of another kind",
      rule = "a kick is something that can be waited for",
      millrace = "the session was closed")
  static String aKickThatIsAFile(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    SplitRing ring = new SplitRing(attacker, 0, 16, 0);
    attacker.must(Wire.SET_VRING_NUM, attacker.none, 0, 16);
    attacker.must(Wire.SET_VRING_BASE, attacker.none, 0, 0);
    attacker.must(Wire.SET_VRING_ADDR, attacker.none, ring.addresses());
    attacker.tell(Wire.SET_VRING_CALL, List.of(ring.call), 0L);
    Reaction reaction = attacker.tell(Wire.SET_VRING_KICK, List.of(attacker.ram.file), 0L);
    attacker.tell(Wire.SET_VRING_ENABLE, attacker.none, 0, 1);
    return reaction.toString();
  }

  @Attack(
      id = "descriptors of another kind",
      rule = "signalling a call cannot block: others wait for the same thread",
      millrace = "the session was closed; a request was the session was closed")
  static String aCallThatBlocksWhoSignalsIt(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    List<FileDescriptor> ends = SocketPair.create();
    ends.forEach(attacker::own);
    ByteBuffer full = ByteBuffer.allocate(1 << 20);
    while (DescriptorPassing.send(ends.getFirst().number(), full, List.of()) > 0) {
      full.clear();
    }
    SplitRing ring = new SplitRing(attacker, 0, 16, 0);
    attacker.must(Wire.SET_VRING_NUM, attacker.none, 0, 16);
    attacker.must(Wire.SET_VRING_BASE, attacker.none, 0, 0);
    attacker.must(Wire.SET_VRING_ADDR, attacker.none, ring.addresses());
    Reaction reaction = attacker.tell(Wire.SET_VRING_CALL, List.of(ends.getFirst()), 0L);
    attacker.tell(Wire.SET_VRING_KICK, List.of(ring.kick), 0L);
    attacker.tell(Wire.SET_VRING_ENABLE, attacker.none, 0, 1);
    ring.chain(
        ring.header(Ring.T_IN, 0), Piece.writable(ring.guest(Ring.DATA), 512), ring.status());
    return reaction + "; a request was " + ring.submit(0);
  }

  @Attack(
      id = "descriptors of another kind",
      rule = "a call that is made blocking again holds the others up for a moment only",
      millrace = "the session was closed")
  static String aCallThatIsMadeBlockingAgain(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    long queues = (ring.owner.protocol & Wire.P_MQ) == 0 ? 1 : ring.owner.ask(Wire.GET_QUEUE_NUM);
    List<SplitRing> rings = new ArrayList<>(List.of(ring));
    for (int i = 1; i < Math.min(queues, 8); i++) {
      SplitRing other = new SplitRing(ring.owner, i, 16, 0); // in the same place: each serves it
      other.start();
      rings.add(other);
    }
    rings.forEach(one -> BlockingEvent.fill(one.call.number()));
    ring.chain(
        ring.header(Ring.T_IN, 0), Piece.writable(ring.guest(Ring.DATA), 512), ring.status());
    ring.offer(0); // whoever serves this is going to signal the call
    rings.forEach(Ring::kick);
    long deadline = System.nanoTime() + Connection.PATIENCE_NANOS;
    while (!ring.owner.connection.isEnded() && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    return ring.owner.connection.isEnded() ? "the session was closed" : "the session goes on";
  }

  @Attack(
      id = "descriptors of another kind",
      rule = "memory is what can be mapped",
      millrace = "the session was closed")
  static String memoryThatIsAnEventFd(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(0);
    return attacker.mustNot(
        Wire.SET_MEM_TABLE,
        List.of(attacker.eventFd()),
        Wire.payload(1, 0, Attacker.GUEST, Attacker.RAM_BYTES, Attacker.USER, 0L));
  }

  @Attack(
      id = "descriptors of another kind",
      rule = "a channel that is no socket harms nobody",
      millrace = "accepted")
  static String aBackEndChannelThatIsAFile(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(Wire.P_BACKEND_REQ);
    if ((attacker.protocol & Wire.P_BACKEND_REQ) == 0) {
      throw Verdict.notOffered("BACKEND_REQ");
    }
    FileDescriptor file = attacker.own(MemoryFile.create("no-socket", 4096, true));
    return attacker.tell(Wire.SET_BACKEND_REQ_FD, List.of(file)).toString();
  }

  @Attack(
      id = "CVE-2019-14818",
      rule = "a descriptor is there when its message says so, and only then",
      millrace = "the session was closed")
  static String theNoDescriptorBitThatLies(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    String surplus = attacker.mustNot(Wire.SET_VRING_CALL, List.of(attacker.eventFd()), 1L << 8);
    scene.close();
    Attacker other = scene.begin();
    other.mustNot(Wire.SET_VRING_CALL, other.none, 0L);
    return surplus;
  }
}
