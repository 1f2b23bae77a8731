package io.millrace.server.attack;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A front-end, with memory and rings, that can say anything at any time. */
final class Attacker implements AutoCloseable {
  /** A back-end that has not noticed by then does not care. */
  private static final long NOTICED_NANOS = 5_000_000_000L;

  static final long GUEST = 0x4000_0000L;
  static final long USER = 0x7aaa_0000_0000L;
  static final long RAM_BYTES = 4 << 20;

  private static final long FEATURES =
      Wire.F_VERSION_1
          | Wire.F_PROTOCOL_FEATURES
          | Wire.F_INDIRECT_DESC
          | Wire.F_BLK_DISCARD
          | Wire.F_BLK_WRITE_ZEROES;
  private static final long PROTOCOL =
      Wire.P_MQ | Wire.P_REPLY_ACK | Wire.P_CONFIG | Wire.P_CONFIGURE_MEM_SLOTS;

  final Connection connection;
  final Ram ram;
  final List<FileDescriptor> none = List.of();
  long offered; // virtio features
  long protocolOffered;
  long protocol;
  private final List<Runnable> owned = new ArrayList<>();

  private Attacker(Connection connection, Ram ram) {
    this.connection = connection;
    this.ram = ram;
  }

  /** Connects, and says nothing. */
  static Attacker connect(Path socket) throws LinuxException {
    return new Attacker(new Connection(socket), Ram.create(GUEST, USER, RAM_BYTES));
  }

  /** Negotiates as every front-end does, with these protocol features on top of the usual ones. */
  Attacker greet(long moreProtocol) {
    offered = ask(Wire.GET_FEATURES);
    if (offered == -1) {
      throw Verdict.hang("GET_FEATURES of a new session is not answered");
    }
    say(Wire.SET_OWNER, none);
    if ((offered & Wire.F_PROTOCOL_FEATURES) != 0) {
      protocolOffered = ask(Wire.GET_PROTOCOL_FEATURES);
      protocol = protocolOffered & (PROTOCOL | moreProtocol);
      say(Wire.SET_PROTOCOL_FEATURES, none, protocol);
    }
    return this;
  }

  /** Negotiates, with these virtio features or fewer, and shares its memory. */
  Attacker begin(long features) {
    greet(0);
    must(Wire.SET_FEATURES, none, offered & features);
    shareTable(ram);
    return this;
  }

  Attacker begin() {
    return begin(FEATURES);
  }

  /** SET_MEM_TABLE of these regions. */
  void shareTable(Ram... regions) {
    must(
        Wire.SET_MEM_TABLE,
        Arrays.stream(regions).map(region -> region.file).toList(),
        table(regions));
  }

  private static Object[] table(Ram... regions) {
    List<Object> fields = new ArrayList<>(List.of(regions.length, 0));
    for (Ram region : regions) {
      fields.addAll(List.of(region.region()));
    }
    return fields.toArray();
  }

  /** Memory that is closed with this. */
  Ram ram(long guest, long user, long bytes) throws LinuxException {
    return own(Ram.create(guest, user, bytes));
  }

  FileDescriptor eventFd() throws LinuxException {
    return own(EventFd.create());
  }

  /** Closed with this. */
  FileDescriptor own(FileDescriptor descriptor) {
    owned.add(descriptor::close);
    return descriptor;
  }

  /** Closed with this. */
  Ram own(Ram memory) {
    owned.add(memory::close);
    return memory;
  }

  // ---- messages ---------------------------------------------------------------------------------

  /** Sends a message and expects nothing. */
  void say(int request, List<FileDescriptor> descriptors, Object... fields) {
    connection.send(Wire.message(request, 0, fields), descriptors);
  }

  /** Sends a message that has an answer; its first eight bytes, or -1. */
  long ask(int request, Object... fields) {
    say(request, none, fields);
    return connection.receiveWord();
  }

  /** Sends a message that has no answer of its own, and sees what is done about it. */
  Reaction tell(int request, List<FileDescriptor> descriptors, Object... fields) {
    boolean acknowledged = (protocol & Wire.P_REPLY_ACK) != 0;
    connection.send(Wire.message(request, acknowledged ? Wire.NEED_REPLY : 0, fields), descriptors);
    return acknowledged ? reaction(connection.receive(), true) : reaction();
  }

  /** Whether the session goes on: what is not refused before this has been accepted. */
  Reaction reaction() {
    say(Wire.GET_FEATURES, none);
    return reaction(connection.receive(), false);
  }

  /** What it does in the end, when whoever finds out has to tell somebody else first. */
  Reaction reactionInTheEnd() {
    long deadline = System.nanoTime() + NOTICED_NANOS;
    Reaction reaction = reaction();
    while (reaction == Reaction.ACCEPTED && System.nanoTime() < deadline) {
      reaction = reaction();
    }
    return reaction;
  }

  private Reaction reaction(byte[] answer, boolean isAcknowledgement) {
    if (answer == null) {
      return connection.isEnded() ? Reaction.CLOSED : Reaction.SILENT;
    }
    boolean zero = Arrays.equals(answer, new byte[answer.length]);
    return isAcknowledgement && !zero ? Reaction.REFUSED : Reaction.ACCEPTED;
  }

  /** A legal message: it has to be accepted. */
  void must(int request, List<FileDescriptor> descriptors, Object... fields) {
    Reaction reaction = tell(request, descriptors, fields);
    if (reaction != Reaction.ACCEPTED) {
      throw Verdict.strict("request " + request + ", a legal one: " + reaction);
    }
  }

  /** A message that no back-end may accept. */
  String mustNot(int request, List<FileDescriptor> descriptors, Object... fields) {
    Reaction reaction = tell(request, descriptors, fields);
    if (reaction == Reaction.ACCEPTED) {
      throw Verdict.lax("request " + request + " was accepted");
    }
    return reaction.toString();
  }

  // ---- rings ------------------------------------------------------------------------------------

  /** A running split ring of 16 descriptors in the usual place. */
  SplitRing ring() throws LinuxException {
    return ring(16, 0);
  }

  SplitRing ring(int size, int base) throws LinuxException {
    SplitRing ring = new SplitRing(this, 0, size, base);
    ring.start();
    return ring;
  }

  @Override
  public void close() {
    connection.close();
    ram.close();
    owned.forEach(Runnable::run);
  }
}
