package io.millrace.scsi;

import io.millrace.scsi.ReserveVerdict.Refused;
import io.millrace.scsi.ReserveVerdict.Wrong;
import io.millrace.scsi.ReserveVerdict.WrongField;
import io.millrace.scsi.ReserveVerdict.WrongParameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A PERSISTENT RESERVE OUT command as it was read (SPC-5 §6.17.3, §6.17.4).
 *
 * @param key RESERVATION KEY
 * @param actionKey SERVICE ACTION RESERVATION KEY
 * @param withOthers SPEC_I_PT
 * @param initiators of the TransportIDs, by address
 * @param targetPorts to which it applies, by name: with ALL_TG_PT all of them; for REGISTER AND
 *     MOVE the one that it moves to, or none when there is no such
 * @param scopeOrType what is wrong with SCOPE and TYPE, for service actions that do not ignore them
 * @param wrong with the parameter list: told to who has the right key
 */
record ReserveRequest(
    NexusName from,
    int typeCode,
    long key,
    long actionKey,
    boolean withOthers,
    boolean aptpl,
    boolean unregisters,
    List<Long> initiators,
    Set<String> targetPorts,
    @Nullable Refused scopeOrType,
    @Nullable Refused wrong) {
  static final int REGISTER = 0x00;
  static final int RESERVE = 0x01;
  static final int RELEASE = 0x02;
  static final int CLEAR = 0x03;
  static final int PREEMPT = 0x04;
  static final int PREEMPT_AND_ABORT = 0x05;
  static final int REGISTER_AND_IGNORE_EXISTING_KEY = 0x06;
  static final int REGISTER_AND_MOVE = 0x07;

  /** Of the parameter list without TransportIDs. */
  static final int LIST_BYTES = 24;

  private static final int ACTION_KEY_AT = 8;
  private static final int FLAGS_AT = 20;
  private static final int SPEC_I_PT_BIT = 3;
  private static final int ALL_TG_PT = 1 << 2;
  private static final int APTPL = 1;
  private static final int RESERVED_FLAGS = 0xf2;
  private static final int MOVE_FLAGS_AT = 17;
  private static final int UNREG = 1 << 1;
  private static final int RESERVED_MOVE_FLAGS = 0xfc;
  private static final int PORT_AT = 18;
  private static final int MOVE_IDS_AT = 20; // their length, and behind that they are
  private static final int SCOPE_TYPE_AT = 2; // of the CDB

  /** Reads the command of a task; a list that is too short for its keys is the only refusal. */
  static @Nullable ReserveRequest read(LunPath path, ScsiTask task, int action) {
    return task.parameterBytes() < LIST_BYTES
        ? null
        : action == REGISTER_AND_MOVE ? readMove(path, task) : readBasic(path, task, action);
  }

  private static ReserveRequest readBasic(LunPath path, ScsiTask task, int action) {
    byte[] list = task.parameters();
    int flags = list[FLAGS_AT];
    boolean registers = action == REGISTER || action == REGISTER_AND_IGNORE_EXISTING_KEY;
    boolean withOthers = (flags & 1 << SPEC_I_PT_BIT) != 0;
    boolean aptpl = registers && (flags & APTPL) != 0;
    List<Long> initiators = new ArrayList<>();
    Refused wrong = null;
    if (withOthers && action != REGISTER) {
      wrong = new WrongParameter(FLAGS_AT, SPEC_I_PT_BIT);
    } else if (!withOthers && task.parameterBytes() != LIST_BYTES) {
      wrong = new Wrong(Sense.PARAMETER_LIST_LENGTH_ERROR);
    } else if ((flags & RESERVED_FLAGS) != 0) {
      wrong = new WrongParameter(FLAGS_AT, highest(flags & RESERVED_FLAGS));
    } else if (aptpl && !path.unit().reservations().canPersist()) {
      wrong = new WrongParameter(FLAGS_AT, 0);
    } else if (withOthers) {
      wrong = readIds(list, LIST_BYTES, task.parameterBytes(), initiators);
    }
    NexusName from = path.status().name();
    Set<String> ports = new TreeSet<>(Set.of(from.targetPort()));
    if (registers && (flags & ALL_TG_PT) != 0) {
      path.unit().ports().forEach(port -> ports.add(port.name()));
    }
    return request(task, from, withOthers, aptpl, false, initiators, ports, wrong);
  }

  private static ReserveRequest readMove(LunPath path, ScsiTask task) {
    byte[] list = task.parameters();
    int flags = list[MOVE_FLAGS_AT];
    boolean aptpl = (flags & APTPL) != 0;
    int port = BigEndian.get16(list, PORT_AT);
    Set<String> ports =
        path.unit().ports().stream()
            .filter(each -> each.relativeId() == port)
            .map(TargetPort::name)
            .collect(Collectors.toSet());
    List<Long> initiators = new ArrayList<>();
    Refused wrong = readIds(list, MOVE_IDS_AT, task.parameterBytes(), initiators);
    if ((flags & RESERVED_MOVE_FLAGS) != 0) {
      wrong = new WrongParameter(MOVE_FLAGS_AT, highest(flags & RESERVED_MOVE_FLAGS));
    } else if (aptpl && !path.unit().reservations().canPersist()) {
      wrong = new WrongParameter(MOVE_FLAGS_AT, 0);
    } else if (BigEndian.get64(list, ACTION_KEY_AT) == 0) {
      wrong = new WrongParameter(ACTION_KEY_AT, -1);
    } else if (ports.isEmpty()) {
      wrong = new WrongParameter(PORT_AT, -1);
    } else if (wrong == null && initiators.size() != 1) {
      wrong = new WrongParameter(MOVE_IDS_AT, -1);
    }
    return request(
        task, path.status().name(), false, aptpl, (flags & UNREG) != 0, initiators, ports, wrong);
  }

  private static ReserveRequest request(
      ScsiTask task,
      NexusName from,
      boolean withOthers,
      boolean aptpl,
      boolean unregisters,
      List<Long> initiators,
      Set<String> ports,
      @Nullable Refused wrong) {
    byte[] list = task.parameters();
    int scopeType = task.cdb()[SCOPE_TYPE_AT] & 0xff;
    int type = scopeType & 0xf;
    Refused scopeOrType =
        scopeType >> 4 != 0
            ? new WrongField(SCOPE_TYPE_AT, 7)
            : ReservationType.of(type) == null ? new WrongField(SCOPE_TYPE_AT, 3) : null;
    return new ReserveRequest(
        from,
        type,
        BigEndian.get64(list, 0),
        BigEndian.get64(list, ACTION_KEY_AT),
        withOthers,
        aptpl,
        unregisters,
        initiators,
        ports,
        scopeOrType,
        wrong);
  }

  /** Reads TransportIDs behind the length of all of them; null when nothing is wrong. */
  private static @Nullable Refused readIds(byte[] list, int lengthAt, int bytes, List<Long> into) {
    int at = lengthAt + 4;
    if (bytes < at) {
      return new Wrong(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    long length = BigEndian.get32(list, lengthAt);
    if (length > bytes - at) {
      return new Wrong(Sense.PARAMETER_LIST_LENGTH_ERROR);
    }
    for (int end = at + (int) length; at < end; at += TransportId.BYTES) {
      if (!TransportId.isKnown(list, at)) {
        return new WrongParameter(at, -1);
      }
      if (end - at < TransportId.BYTES) {
        return new Wrong(Sense.PARAMETER_LIST_LENGTH_ERROR);
      }
      into.add(TransportId.address(list, at));
    }
    return null;
  }

  private static int highest(int bits) {
    return 31 - Integer.numberOfLeadingZeros(bits & 0xff);
  }
}
