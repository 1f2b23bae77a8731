package io.millrace.server.attack;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.MemoryFile;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Messages that no front-end may send. */
final class MessageAttacks {
  private static final int CONFIG_BYTES = 256;

  private MessageAttacks() {}

  @Attack(
      id = "CVE-2020-14374 to 14378, as of messages",
      rule = "a length in a message is compared with the bytes that are there",
      millrace = "the session was closed")
  static String payloadsThatAreNotAsLongAsTheySay(Scene scene) throws Exception {
    List<ByteBuffer> lies =
        List.of(
            Wire.lying(Wire.SET_FEATURES, Wire.VERSION, 4, new byte[4]),
            Wire.lying(Wire.SET_FEATURES, Wire.VERSION, 0, new byte[0]),
            Wire.lying(Wire.SET_VRING_ADDR, Wire.VERSION, 8, new byte[8]),
            Wire.lying(Wire.SET_FEATURES, Wire.VERSION, Integer.MAX_VALUE, new byte[64]),
            Wire.lying(Wire.SET_MEM_TABLE, Wire.VERSION, -1, new byte[64]),
            Wire.message(Wire.SET_MEM_TABLE, 0, 8, 0, new byte[32]),
            Wire.lying(Wire.SET_FEATURES, Wire.VERSION, 1 << 20, new byte[64]));
    return each(scene, lies);
  }

  @Attack(
      id = "framing",
      rule = "an unknown request or version ends its session",
      millrace = "the session was closed")
  static String requestsAndVersionsThereAreNot(Scene scene) throws Exception {
    List<ByteBuffer> unknown =
        List.of(
            Wire.message(0, 0),
            Wire.message(777, 0),
            Wire.message(-1, 0),
            Wire.lying(Wire.SET_OWNER, 2, 0, new byte[0]),
            Wire.lying(Wire.SET_OWNER, Wire.VERSION | Wire.REPLY, 0, new byte[0]));
    return each(scene, unknown);
  }

  private static String each(Scene scene, List<ByteBuffer> messages) throws Exception {
    String last = "";
    for (ByteBuffer message : messages) {
      Attacker attacker = scene.connect().greet(0);
      attacker.connection.send(message, attacker.none);
      Reaction reaction = attacker.reaction();
      if (reaction == Reaction.ACCEPTED) {
        throw Verdict.lax(
            "the session goes on after request " + Integer.toUnsignedString(message.getInt(0)));
      }
      last = reaction.toString();
      scene.close();
    }
    return last;
  }

  @Attack(
      id = "framing",
      rule = "who sends half a message keeps nobody waiting",
      millrace = "waited for")
  static String aMessageThatNeverEnds(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(0);
    ByteBuffer half = Wire.message(Wire.SET_FEATURES, 0, attacker.offered);
    attacker.connection.send(half.limit(17), attacker.none);
    return "waited for";
  }

  @Attack(
      id = "bounds of the configuration",
      rule = "offset and size stay within 256 bytes",
      millrace = "the session was closed")
  static String configurationBeyondItsEnd(Scene scene) throws Exception {
    String last = "";
    int[][] places = {{-1, CONFIG_BYTES}, {CONFIG_BYTES, 1}, {1, CONFIG_BYTES}, {-8, 16}};
    for (int[] place : places) {
      Attacker attacker = scene.connect().greet(0);
      byte[] data = new byte[place[1]];
      attacker.say(Wire.GET_CONFIG, attacker.none, place[0], place[1], 0, data);
      byte[] answer = attacker.connection.receive();
      if (answer != null && answer.length > 12) {
        throw Verdict.lax("%d bytes at %d were answered".formatted(place[1], place[0]));
      }
      scene.close();
      Attacker writer = scene.connect().greet(0);
      last = writer.mustNot(Wire.SET_CONFIG, writer.none, place[0], place[1], 0, data);
      scene.close();
    }
    return last;
  }

  @Attack(
      id = "bounds of the configuration",
      rule = "what no driver may write stays as it is",
      millrace = "refused by its acknowledgement")
  static String configurationThatIsReadOnly(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(0);
    byte[] before = config(attacker);
    Reaction reaction =
        attacker.tell(Wire.SET_CONFIG, attacker.none, 0, 8, 0, new byte[] {1, 1, 1, 1, 1, 1, 1, 1});
    scene.close();
    if (before == null || !Arrays.equals(before, config(scene.connect().greet(0)))) {
      throw Verdict.wrong("the capacity was written");
    }
    return reaction.toString();
  }

  private static byte[] config(Attacker attacker) {
    attacker.say(Wire.GET_CONFIG, attacker.none, 0, 60, 0, new byte[60]);
    return attacker.connection.receive();
  }

  @Attack(
      id = "CVE-2020-10722",
      rule = "size and offset of the log are added with care",
      millrace = "refused by its acknowledgement")
  static String aLogThatWrapsAround(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(Wire.P_LOG_SHMFD);
    FileDescriptor file = attacker.own(MemoryFile.create("log", 1 << 20, true));
    return attacker.mustNot(Wire.SET_LOG_BASE, List.of(file), -4096L, 8192L);
  }

  @Attack(
      id = "CVE-2021-3839",
      rule = "an in-flight region has room for the queues that it says it is for",
      millrace = "refused by its acknowledgement")
  static String anInflightRegionForMoreQueuesThanFit(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(Wire.P_INFLIGHT_SHMFD);
    FileDescriptor file = attacker.own(MemoryFile.create("inflight", 4096, true));
    return attacker.mustNot(
        Wire.SET_INFLIGHT_FD, List.of(file), 4096L, 0L, (short) -1, (short) -1, 0);
  }

  @Attack(
      id = "CVE-2021-3839",
      rule = "an in-flight region lies within its file",
      millrace = "refused by its acknowledgement")
  static String anInflightRegionBeyondItsFile(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(Wire.P_INFLIGHT_SHMFD);
    FileDescriptor file = attacker.own(MemoryFile.create("inflight", 4096, true));
    return attacker.mustNot(
        Wire.SET_INFLIGHT_FD, List.of(file), 1L << 30, 1L << 40, (short) 1, (short) 16, 0);
  }

  @Attack(
      id = "CVE-2021-3839",
      rule = "an in-flight region is made for queues that there can be",
      millrace = "the session was closed")
  static String anInflightRegionForAllNumbersThereAre(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(Wire.P_INFLIGHT_SHMFD);
    long bytes = attacker.ask(Wire.GET_INFLIGHT_FD, 0L, 0L, (short) -1, (short) -1, 0);
    if (bytes > 1L << 30) {
      throw Verdict.lax("a region of " + bytes + " bytes was made");
    }
    return bytes == -1 ? "the session was closed" : "a region of " + bytes + " bytes";
  }

  @Attack(
      id = "features",
      rule = "what was not offered is not negotiated",
      millrace = "the session was closed")
  static String featuresThatWereNotOffered(Scene scene) throws Exception {
    Attacker attacker = scene.connect().greet(0);
    String virtio =
        attacker.mustNot(Wire.SET_FEATURES, attacker.none, attacker.offered | 1L << 62 | 1L << 7);
    scene.close();
    Attacker other = scene.connect().greet(0);
    other.mustNot(Wire.SET_PROTOCOL_FEATURES, other.none, other.protocolOffered | 1L << 62);
    return virtio;
  }

  @Attack(
      id = "features",
      rule = "features do not change under rings that run",
      millrace = "the session was closed")
  static String featuresThatChangeWhileRingsRun(Scene scene) throws Exception {
    SplitRing ring = scene.ring();
    return ring.owner.mustNot(
        Wire.SET_FEATURES, ring.owner.none, Wire.F_VERSION_1 | Wire.F_PROTOCOL_FEATURES);
  }
}
