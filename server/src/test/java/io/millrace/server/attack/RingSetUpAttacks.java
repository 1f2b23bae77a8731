package io.millrace.server.attack;

import java.util.List;

/** Rings that no queue can have, said by the front-end. */
final class RingSetUpAttacks {
  private RingSetUpAttacks() {}

  @Attack(
      id = "CVE-2019-14818",
      rule = "a ring's size is a power of two up to 32768",
      millrace = "the session was closed")
  static String sizesThatNoRingHas(Scene scene) throws Exception {
    String last = "";
    for (int size : new int[] {0, 3, 32_769, 65_536, 1 << 30, Integer.MIN_VALUE, -1}) {
      Attacker attacker = scene.begin();
      last = attacker.mustNot(Wire.SET_VRING_NUM, attacker.none, 0, size);
      scene.close();
    }
    return last;
  }

  @Attack(
      id = "CVE-2020-10723",
      rule = "a ring's index is compared in full width",
      millrace = "the session was closed")
  static String ringIndicesThatLookLikeOthersIn16Bits(Scene scene) throws Exception {
    String last = "";
    for (int index : new int[] {256, 0x1_0000, Integer.MIN_VALUE, -1}) {
      int[] requests = {Wire.SET_VRING_NUM, Wire.SET_VRING_BASE, Wire.SET_VRING_ENABLE};
      for (int request : requests) {
        Attacker attacker = scene.begin();
        last = attacker.mustNot(request, attacker.none, index, 1);
        scene.close();
      }
      Attacker attacker = scene.begin();
      SplitRing ring = new SplitRing(attacker, index, 16, 0);
      attacker.mustNot(Wire.SET_VRING_ADDR, attacker.none, ring.addresses());
      scene.close();
    }
    Attacker attacker = scene.begin();
    attacker.mustNot(Wire.SET_VRING_CALL, List.of(attacker.eventFd()), 1L << 32);
    return last;
  }

  @Attack(
      id = "CVE-2020-10723",
      rule = "a ring's index is compared in full width",
      millrace = "the session was closed")
  static String stoppingARingThatThereIsNot(Scene scene) throws Exception {
    Attacker attacker = scene.begin();
    long answer = attacker.ask(Wire.GET_VRING_BASE, 0x1_0000, 0);
    if (answer != -1 && (int) answer == 0) {
      throw Verdict.lax("ring 65536 was taken for ring 0");
    }
    return answer == -1 ? "the session was closed" : "answered by an error";
  }

  @Attack(
      id = "CVE-2020-10725",
      rule = "a ring at address 0, where no memory is, does not run",
      millrace = "the session was closed")
  static String aRingAtAddressZero(Scene scene) throws Exception {
    return ringAt(scene, 0, 0, 0);
  }

  @Attack(
      id = "CVE-2018-1059, as of rings",
      rule = "a ring lies in memory from end to end",
      millrace = "the session was closed")
  static String aRingThatLeavesItsRegion(Scene scene) throws Exception {
    long end = Attacker.USER + Attacker.RAM_BYTES;
    ringAt(scene, end - 128, Attacker.USER + 4096, Attacker.USER + 8192);
    ringAt(scene, Attacker.USER, end - 16, Attacker.USER + 8192);
    return ringAt(scene, Attacker.USER, Attacker.USER + 4096, end - 16);
  }

  @Attack(
      id = "CVE-2018-1059, as of rings",
      rule = "a ring does not go on at address 0",
      millrace = "the session was closed")
  static String aRingThatWrapsAround(Scene scene) throws Exception {
    return ringAt(scene, -64, -32, -16);
  }

  @Attack(
      id = "rings",
      rule = "a ring's parts are aligned as the specification has it",
      millrace = "the session was closed")
  static String aRingThatIsNotAligned(Scene scene) throws Exception {
    return ringAt(scene, Attacker.USER + 1, Attacker.USER + 4098, Attacker.USER + 8193);
  }

  /** Starts a ring in another place than there can be one. */
  private static String ringAt(Scene scene, long desc, long used, long avail) throws Exception {
    Attacker attacker = scene.begin();
    SplitRing ring = new SplitRing(attacker, 0, 16, 0);
    attacker.must(Wire.SET_VRING_NUM, attacker.none, 0, 16);
    attacker.must(Wire.SET_VRING_BASE, attacker.none, 0, 0);
    Reaction reaction =
        attacker.tell(Wire.SET_VRING_ADDR, attacker.none, 0, 0, desc, used, avail, 0L);
    attacker.tell(Wire.SET_VRING_CALL, List.of(ring.call), 0L);
    attacker.tell(Wire.SET_VRING_KICK, List.of(ring.kick), 0L);
    Reaction enabled = attacker.tell(Wire.SET_VRING_ENABLE, attacker.none, 0, 1);
    ring.kick();
    scene.close();
    return (reaction == Reaction.ACCEPTED ? enabled : reaction).toString();
  }

  @Attack(
      id = "rings",
      rule = "a message about a ring that was never set up starts nothing",
      millrace = "nothing started")
  static String startingWhatWasNeverSetUp(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(0);
    attacker.tell(Wire.SET_VRING_KICK, List.of(attacker.eventFd()), 0L);
    attacker.tell(Wire.SET_VRING_ENABLE, attacker.none, 0, 1);
    attacker.tell(Wire.SET_VRING_ENABLE, attacker.none, 5, 1);
    long base = attacker.ask(Wire.GET_VRING_BASE, 7, 0);
    return base == -1 ? "the session was closed" : "nothing started";
  }

  @Attack(
      id = "rings",
      rule = "size and position of a ring do not change while it runs",
      millrace = "the session was closed")
  static String aRunningRingThatIsMadeLonger(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    ring.owner.mustNot(Wire.SET_VRING_NUM, ring.owner.none, 0, 32_768);
    scene.close();
    SplitRing other = scene.ring();
    return other.owner.mustNot(Wire.SET_VRING_BASE, other.owner.none, 0, 7);
  }
}
