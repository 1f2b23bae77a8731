package io.millrace.scsi;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.UUID;

/**
 * What logical units and target ports are known by (SPC-5 §7.7.6): the names of a unit are made of
 * the UUID of its bdev, so that they outlive this process.
 */
final class VpdIdentification {
  private static final int BINARY = 1; // code sets
  private static final int ASCII = 2;
  private static final int UTF_8 = 3;

  private static final int OF_UNIT = 0; // associations, in their place
  private static final int OF_TARGET_PORT = 1 << 4;

  private static final int T10_VENDOR_ID = 0x1; // designator types
  private static final int NAA = 0x3;
  private static final int RELATIVE_TARGET_PORT = 0x4;
  private static final int TARGET_PORT_GROUP = 0x5;
  private static final int SCSI_NAME_STRING = 0x8;
  private static final int UUID_TYPE = 0xa;
  private static final int UUID_OF_RFC_4122 = 1 << 4;

  private VpdIdentification() {}

  /** Page 83h: of the logical unit, and of the port that asked. */
  static void deviceIdentification(LogicalUnit unit, LunPath path, Answer answer) {
    UUID uuid = unit.bdev().properties().uuid();
    long naa = StableNames.naa("unit:" + uuid);
    TargetPort port = path.nexus().target().port();
    header(answer, BINARY, OF_UNIT | NAA, 8);
    answer.put64(naa);
    String serial = uuid.toString();
    header(answer, ASCII, OF_UNIT | T10_VENDOR_ID, Inquiry.VENDOR_BYTES + serial.length());
    answer.putText(Inquiry.VENDOR, Inquiry.VENDOR_BYTES).putText(serial, serial.length());
    header(answer, BINARY, OF_UNIT | UUID_TYPE, 18);
    answer.put8(UUID_OF_RFC_4122).put8(0);
    answer.put64(uuid.getMostSignificantBits()).put64(uuid.getLeastSignificantBits());
    name(answer, OF_UNIT, naa);
    header(answer, BINARY, OF_TARGET_PORT | RELATIVE_TARGET_PORT, 4);
    answer.put16(0).put16(port.relativeId());
    header(answer, BINARY, OF_TARGET_PORT | TARGET_PORT_GROUP, 4);
    answer.put16(0).put16(TargetPortGroups.group(port));
    port(answer, port);
  }

  /** Page 88h (§7.7.17): all ports that the unit is reached by. */
  static void ports(LogicalUnit unit, Answer answer) {
    for (TargetPort port : TargetPortGroups.ports(unit)) {
      answer.put16(0).put16(port.relativeId()).put32(0); // no initiator port
      int lengthAt = answer.zeroes(4) + 2;
      int from = answer.size();
      port(answer, port);
      answer.set16(lengthAt, answer.size() - from);
    }
  }

  private static void port(Answer answer, TargetPort port) {
    header(answer, BINARY, OF_TARGET_PORT | NAA, 8);
    answer.put64(port.naa());
    name(answer, OF_TARGET_PORT, port.naa());
  }

  private static void name(Answer answer, int association, long naa) {
    String text = "naa." + HexFormat.of().withUpperCase().toHexDigits(naa);
    byte[] ascii = text.getBytes(StandardCharsets.UTF_8);
    byte[] name = Arrays.copyOf(ascii, (ascii.length / 4 + 1) * 4); // ends with a zero, or some
    header(answer, UTF_8, association | SCSI_NAME_STRING, name.length);
    answer.put(name);
  }

  /** PROTOCOL IDENTIFIER means nothing, as PIV is 0: the target is free of its transport. */
  private static void header(Answer answer, int codeSet, int associationAndType, int bytes) {
    answer.put8(codeSet).put8(associationAndType).put8(0).put8(bytes);
  }
}
