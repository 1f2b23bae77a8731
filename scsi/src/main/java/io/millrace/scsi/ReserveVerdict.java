package io.millrace.scsi;

import java.util.Map;
import java.util.Set;

/** What a reservation command comes to. */
sealed interface ReserveVerdict {
  /** RESERVATION CONFLICT. */
  record Conflict() implements ReserveVerdict {}

  /** CHECK CONDITION. */
  sealed interface Refused extends ReserveVerdict {}

  /** With nothing to point at. */
  record Wrong(Sense sense) implements Refused {}

  /** Because of a field of the CDB. */
  record WrongField(int at, int bit) implements Refused {}

  /** Because of a field of the parameter list. */
  record WrongParameter(int at, int bit) implements Refused {}

  /**
   * GOOD.
   *
   * @param told what other nexuses are told
   * @param preempted nexuses that have lost their registration to another
   */
  record Done(ReservationState after, Map<NexusName, UnitAttention> told, Set<NexusName> preempted)
      implements ReserveVerdict {}

  ReserveVerdict CONFLICT = new Conflict();

  static Done done(ReservationState after) {
    return new Done(after, Map.of(), Set.of());
  }
}
