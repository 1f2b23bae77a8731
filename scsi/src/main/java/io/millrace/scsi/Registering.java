package io.millrace.scsi;

import static io.millrace.scsi.ReserveVerdict.CONFLICT;
import static io.millrace.scsi.ReserveVerdict.done;

import io.millrace.scsi.ReserveVerdict.Done;
import io.millrace.scsi.ReserveVerdict.Refused;
import io.millrace.scsi.ReserveVerdict.Wrong;
import io.millrace.scsi.ReserveVerdict.WrongField;
import io.millrace.scsi.ReserveVerdict.WrongParameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * REGISTER, REGISTER AND IGNORE EXISTING KEY, REGISTER AND MOVE (SPC-5 §5.13.7, §5.13.8,
 * §5.13.11.2). Functions from a state to a verdict.
 */
final class Registering {
  private static final ReserveVerdict NO_ROOM =
      new Wrong(Sense.INSUFFICIENT_REGISTRATION_RESOURCES);
  private static final ReserveVerdict NOT_NOW = new WrongField(1, 4); // this service action
  private static final int TRANSPORT_ID_AT = 24;

  private Registering() {}

  static ReserveVerdict register(ReservationState now, ReserveRequest request) {
    boolean registered = now.isRegistered(request.from());
    Refused wrong = request.wrong();
    if (registered ? !now.isRegistered(request.from(), request.key()) : request.key() != 0) {
      return CONFLICT;
    } else if (wrong != null) {
      return wrong;
    } else if (registered && request.withOthers()) {
      return NOT_NOW;
    }
    return apply(now, request, false);
  }

  static ReserveVerdict registerIgnoring(ReservationState now, ReserveRequest request) {
    Refused wrong = request.wrong();
    return wrong != null ? wrong : apply(now, request, true);
  }

  private static ReserveVerdict apply(
      ReservationState now, ReserveRequest request, boolean ignoring) {
    if (request.actionKey() == 0) {
      return now.isRegistered(request.from()) ? unregister(now, request, ignoring) : done(now);
    }
    Map<NexusName, Long> keys = new LinkedHashMap<>(now.keys());
    for (String port : request.targetPorts()) {
      NexusName own = new NexusName(request.from().initiator(), port);
      if (!ignoring && isOfAnotherKey(now, own, request)) {
        return CONFLICT;
      }
      keys.put(own, request.actionKey());
      for (long initiator : request.initiators()) {
        keys.putIfAbsent(new NexusName(initiator, port), request.actionKey());
      }
    }
    return keys.size() > ReservationState.MAX_REGISTRATIONS
        ? NO_ROOM
        : done(now.registered(keys).persistent(request.aptpl()).next());
  }

  /** Whether at that target port the same command would be refused: then it is for all of them. */
  private static boolean isOfAnotherKey(
      ReservationState now, NexusName own, ReserveRequest request) {
    return now.isRegistered(own)
        && !now.isRegistered(own, request.key())
        && !now.isRegistered(own, request.actionKey());
  }

  private static ReserveVerdict unregister(
      ReservationState now, ReserveRequest request, boolean ignoring) {
    List<NexusName> gone = new ArrayList<>();
    for (String port : request.targetPorts()) {
      NexusName own = new NexusName(request.from().initiator(), port);
      if (!ignoring && now.isRegistered(own) && !now.isRegistered(own, request.key())) {
        return CONFLICT;
      }
      gone.add(own);
    }
    ReservationState after = now.without(gone).persistent(request.aptpl()).next();
    // Registrants of such a reservation had their access by it, and are told that it is over.
    ReservationType lost = after.type() == null ? now.type() : null;
    return lost != null && lost.letsRegistrantsIn
        ? new Done(
            after,
            Reserving.tell(after.keys().keySet(), null, UnitAttention.RESERVATIONS_RELEASED),
            Set.of())
        : done(after);
  }

  static ReserveVerdict registerAndMove(ReservationState now, ReserveRequest request) {
    NexusName from = request.from();
    if (!now.isRegistered(from, request.key())) {
      return CONFLICT;
    }
    ReservationType type = now.type();
    Refused wrong = request.wrong();
    if (type == null) {
      return wrong == null ? NOT_NOW : wrong;
    } else if (type.isAllRegistrants() || !now.isHolder(from)) {
      return CONFLICT;
    } else if (wrong != null) {
      return wrong;
    }
    NexusName to =
        new NexusName(request.initiators().getFirst(), request.targetPorts().iterator().next());
    if (to.equals(from)) {
      return new WrongParameter(TRANSPORT_ID_AT, -1);
    }
    Map<NexusName, Long> keys = new LinkedHashMap<>(now.keys());
    keys.put(to, request.actionKey());
    if (keys.size() > ReservationState.MAX_REGISTRATIONS) {
      return NO_ROOM;
    }
    ReservationState moved = now.registered(keys).reserved(type, to);
    ReservationState after = request.unregisters() ? moved.without(List.of(from)) : moved;
    return done(after.persistent(request.aptpl()).next());
  }
}
