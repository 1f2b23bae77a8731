package io.millrace.scsi;

import static io.millrace.scsi.ReserveVerdict.CONFLICT;
import static io.millrace.scsi.ReserveVerdict.done;
import static io.millrace.scsi.UnitAttention.REGISTRATIONS_PREEMPTED;
import static io.millrace.scsi.UnitAttention.RESERVATIONS_PREEMPTED;
import static io.millrace.scsi.UnitAttention.RESERVATIONS_RELEASED;

import io.millrace.scsi.ReserveVerdict.Done;
import io.millrace.scsi.ReserveVerdict.Refused;
import io.millrace.scsi.ReserveVerdict.Wrong;
import io.millrace.scsi.ReserveVerdict.WrongParameter;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * RESERVE, RELEASE, CLEAR, PREEMPT (SPC-5 §5.13.9 to §5.13.11). Functions from a state to a
 * verdict.
 */
final class Reserving {
  private static final int ACTION_KEY_AT = 8;

  private Reserving() {}

  static ReserveVerdict reserve(ReservationState now, ReserveRequest request) {
    NexusName from = request.from();
    ReservationType type = ReservationType.of(request.typeCode());
    Refused wrong = first(request.wrong(), request.scopeOrType());
    if (!now.isRegistered(from, request.key())) {
      return CONFLICT;
    } else if (wrong != null || type == null) {
      return wrong == null ? CONFLICT : wrong;
    } else if (now.type() == null) {
      return done(now.reserved(type, from));
    }
    return now.isHolder(from) && now.type() == type ? done(now) : CONFLICT;
  }

  static ReserveVerdict release(ReservationState now, ReserveRequest request) {
    NexusName from = request.from();
    Refused wrong = request.wrong();
    if (!now.isRegistered(from, request.key())) {
      return CONFLICT;
    } else if (wrong != null) {
      return wrong;
    }
    ReservationType type = now.type();
    if (type == null || !now.isHolder(from)) {
      return done(now);
    } else if (request.scopeOrType() != null || request.typeCode() != type.code) {
      return new Wrong(Sense.INVALID_RELEASE_OF_PERSISTENT_RESERVATION);
    }
    return new Done(
        now.released(),
        type.letsRegistrantsIn ? tell(now.keys().keySet(), from, RESERVATIONS_RELEASED) : Map.of(),
        Set.of());
  }

  static ReserveVerdict clear(ReservationState now, ReserveRequest request) {
    NexusName from = request.from();
    Refused wrong = request.wrong();
    if (!now.isRegistered(from, request.key())) {
      return CONFLICT;
    } else if (wrong != null) {
      return wrong;
    }
    Set<NexusName> all = now.keys().keySet();
    return new Done(now.without(all).next(), tell(all, from, RESERVATIONS_PREEMPTED), Set.of());
  }

  static ReserveVerdict preempt(ReservationState now, ReserveRequest request) {
    Refused wrong = request.wrong();
    if (!now.isRegistered(request.from(), request.key())) {
      return CONFLICT;
    } else if (wrong != null) {
      return wrong;
    }
    long key = request.actionKey();
    if (key == 0 && !now.isAllRegistrants()) {
      return new WrongParameter(ACTION_KEY_AT, -1);
    }
    Set<NexusName> named = new LinkedHashSet<>();
    now.keys()
        .forEach((nexus, registered) -> {
          if (key == 0 || registered == key) {
            named.add(nexus);
          }
        });
    if (named.isEmpty()) {
      return CONFLICT;
    }
    // §5.13.11.4: the holder is meant by its key, all holders of an all registrants type by 0.
    NexusName holder = now.holder();
    boolean takes = now.isAllRegistrants() ? key == 0 : holder != null && named.contains(holder);
    return takes ? takeOver(now, request, named) : remove(now, request, named);
  }

  private static ReserveVerdict takeOver(
      ReservationState now, ReserveRequest request, Set<NexusName> named) {
    NexusName from = request.from();
    ReservationType type = ReservationType.of(request.typeCode());
    Refused wrong = request.scopeOrType();
    if (wrong != null || type == null) {
      return wrong == null ? CONFLICT : wrong;
    }
    named.remove(from);
    ReservationState after = now.released().without(named).reserved(type, from).next();
    Map<NexusName, UnitAttention> told = tell(named, from, REGISTRATIONS_PREEMPTED);
    if (type != now.type()) {
      told.putAll(tell(after.keys().keySet(), from, RESERVATIONS_RELEASED));
    }
    return new Done(after, told, named);
  }

  private static ReserveVerdict remove(
      ReservationState now, ReserveRequest request, Set<NexusName> named) {
    return new Done(
        now.without(named).next(), tell(named, request.from(), REGISTRATIONS_PREEMPTED), named);
  }

  /** The same for all of them but one. */
  static Map<NexusName, UnitAttention> tell(
      Collection<NexusName> nexuses, @Nullable NexusName except, UnitAttention condition) {
    Map<NexusName, UnitAttention> told = new LinkedHashMap<>();
    nexuses.forEach(each -> told.put(each, condition));
    if (except != null) {
      told.remove(except);
    }
    return told;
  }

  private static @Nullable Refused first(@Nullable Refused one, @Nullable Refused other) {
    return one != null ? one : other;
  }
}
