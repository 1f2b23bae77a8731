package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.Bdev;
import io.millrace.scsi.ScsiRig.Result;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One disk behind the target ports "t" (1) and "u" (2), and initiators that send reservation
 * commands. A nexus is written {@code a:t}.
 */
final class ReserveRig implements AutoCloseable {
  static final int SPEC_I_PT = 8;
  static final int ALL_TG_PT = 4;
  static final int APTPL = 1;
  static final int UNREG = 2;
  static final long NONE = 0;

  final ScsiRig rig;

  ReserveRig() throws Exception {
    this(null);
  }

  ReserveRig(@Nullable ReservationStore store) throws Exception {
    rig = new ScsiRig(store == null ? new LogicalUnits() : new LogicalUnits(store));
    Bdev disk = rig.malloc("disk");
    rig.add("t", 0, disk, false);
    rig.add("u", 0, disk, false);
  }

  /** Nexuses that know of the power on. */
  ReserveRig ready(String... nexuses) {
    for (String nexus : nexuses) {
      while (run(nexus, "00 00 00 00 00 00").status() == ScsiStatus.CHECK_CONDITION) {
        // until it was told everything
      }
    }
    return this;
  }

  Result run(String nexus, String cdb, byte... out) {
    int colon = nexus.indexOf(':');
    return rig.run(nexus.substring(0, colon), nexus.substring(colon + 1), 0, cdb, out);
  }

  LunPath path(String nexus) {
    int colon = nexus.indexOf(':');
    return rig.path(nexus.substring(0, colon), nexus.substring(colon + 1), 0);
  }

  static byte[] list(long key, long actionKey, int flags) {
    byte[] list = new byte[24];
    BigEndian.put64(list, 0, key);
    BigEndian.put64(list, 8, actionKey);
    list[20] = (byte) flags;
    return list;
  }

  static String cdb(int action, int type, int bytes) {
    return "5f %02x %02x 00 00 %08x 00".formatted(action, type, bytes);
  }

  /** A PERSISTENT RESERVE OUT; type may have a scope in its high half. */
  Result out(String nexus, int action, int type, byte[] list) {
    return run(nexus, cdb(action, type, list.length), list);
  }

  /** Status in hexadecimal, or sense key, ASC and ASCQ. */
  static String told(Result result) {
    return result.status() == ScsiStatus.CHECK_CONDITION
        ? result.condition()
        : "%02x".formatted(result.status());
  }

  String register(String nexus, long key, long actionKey) {
    return told(out(nexus, ReserveRequest.REGISTER, 0, list(key, actionKey, 0)));
  }

  String registerIgnoring(String nexus, long actionKey, int flags) {
    return told(
        out(nexus, ReserveRequest.REGISTER_AND_IGNORE_EXISTING_KEY, 0, list(0, actionKey, flags)));
  }

  String reserve(String nexus, long key, int type) {
    return told(out(nexus, ReserveRequest.RESERVE, type, list(key, 0, 0)));
  }

  String release(String nexus, long key, int type) {
    return told(out(nexus, ReserveRequest.RELEASE, type, list(key, 0, 0)));
  }

  String clear(String nexus, long key) {
    return told(out(nexus, ReserveRequest.CLEAR, 0, list(key, 0, 0)));
  }

  String preempt(String nexus, long key, long victim, int type) {
    return told(out(nexus, ReserveRequest.PREEMPT, type, list(key, victim, 0)));
  }

  String move(String nexus, long key, long actionKey, int flags, int port, byte[] id) {
    byte[] list = new byte[24 + id.length];
    BigEndian.put64(list, 0, key);
    BigEndian.put64(list, 8, actionKey);
    list[17] = (byte) flags;
    BigEndian.put16(list, 18, port);
    BigEndian.put32(list, 20, id.length);
    System.arraycopy(id, 0, list, 24, id.length);
    return told(out(nexus, ReserveRequest.REGISTER_AND_MOVE, 0, list));
  }

  /** The TransportID of an initiator: SAS, its address, zeroes. */
  static byte[] id(String initiator) {
    byte[] id = new byte[24];
    id[0] = 6;
    BigEndian.put64(id, 4, new InitiatorPort(initiator).address());
    return id;
  }

  /** REGISTER for others, too: their TransportIDs behind the list. */
  static byte[] withIds(byte[] list, byte[]... ids) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(list);
    byte[] length = new byte[4];
    for (byte[] id : ids) {
      BigEndian.put32(length, 0, BigEndian.get32(length, 0) + id.length);
    }
    all.writeBytes(length);
    for (byte[] id : ids) {
      all.writeBytes(id);
    }
    return all.toByteArray();
  }

  /** Generation, then the keys in their order. */
  String keys(String nexus) {
    byte[] data = run(nexus, "5e 00 00 00 00 00 00 10 00 00").data();
    StringBuilder text = new StringBuilder().append(BigEndian.get32(data, 0)).append(':');
    assertThat(BigEndian.get32(data, 4)).isEqualTo(data.length - 8);
    for (int at = 8; at < data.length; at += 8) {
      text.append(' ').append(Long.toHexString(BigEndian.get64(data, at)));
    }
    return text.toString();
  }

  /** Key and type of the reservation, or nothing. */
  String reservation(String nexus) {
    byte[] data = run(nexus, "5e 01 00 00 00 00 00 10 00 00").data();
    return data.length == 8 ? "" : Long.toHexString(BigEndian.get64(data, 8)) + " type " + data[21];
  }

  /** Each registration: key, holder or not, target port, SAS address. */
  List<String> full(String nexus) {
    byte[] data = run(nexus, "5e 03 00 00 00 00 00 40 00 00").data();
    List<String> all = new ArrayList<>();
    for (int at = 8; at + 48 <= data.length; at += 48) {
      String holder = (data[at + 12] & 1) != 0 ? " holds " + data[at + 13] : "";
      all.add(
          "%x port %d %s%s"
              .formatted(
                  BigEndian.get64(data, at),
                  BigEndian.get16(data, at + 18),
                  HexFormat.of().formatHex(data, at + 28, at + 36),
                  holder));
    }
    return all;
  }

  static String address(String initiator) {
    return "%016x".formatted(new InitiatorPort(initiator).address());
  }

  /** All that a nexus is told by unit attentions, in order. */
  String attentions(String nexus) {
    StringBuilder all = new StringBuilder();
    for (Result told = run(nexus, "00 00 00 00 00 00");
        told.status() == ScsiStatus.CHECK_CONDITION;
        told = run(nexus, "00 00 00 00 00 00")) {
      all.append(all.isEmpty() ? "" : " ").append(told.condition().substring(2));
    }
    return all.toString();
  }

  @Override
  public void close() {
    rig.close();
  }
}
