package io.millrace.scsi;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who is registered with a logical unit, and who has reserved it, at one moment (SPC-5 §5.13).
 * Immutable; the data path asks {@link #keepsOut}, which allocates nothing.
 *
 * @param keys reservation key of each registered nexus, in the order of registration; none is 0
 * @param type of the persistent reservation; null when there is none
 * @param holder of it; null when there is none or every registrant is one
 * @param legacyHolder who has reserved it by RESERVE of SPC-2; never beside registrations
 * @param generation PRGENERATION
 * @param aptpl whether registrations and reservation are to be there again after a power loss
 */
record ReservationState(
    Map<NexusName, Long> keys,
    @Nullable ReservationType type,
    @Nullable NexusName holder,
    @Nullable NexusName legacyHolder,
    int generation,
    boolean aptpl) {
  /** As it is after a power on. */
  static final ReservationState NONE =
      new ReservationState(new LinkedHashMap<>(), null, null, null, 0, false);

  /** Nexuses that may be registered at the same time. */
  static final int MAX_REGISTRATIONS = 1024;

  ReservationState {
    keys = Collections.unmodifiableMap(keys);
  }

  // ---- what is asked ----------------------------------------------------------------------------

  /** Whether a command of a nexus ends with RESERVATION CONFLICT. Data path. */
  boolean keepsOut(NexusName nexus, Access access) {
    return switch (access) {
      case ALWAYS -> false;
      case STATUS -> isLegacyOfAnother(nexus);
      case READ -> isLegacyOfAnother(nexus) || isReservedForOthers(nexus, true);
      case WRITE -> isLegacyOfAnother(nexus) || isReservedForOthers(nexus, false);
      case PERSISTENT_RESERVE -> legacyHolder != null;
      case LEGACY_RESERVE -> !keys.isEmpty() && !goesOnByCompatibility(nexus);
    };
  }

  private boolean isLegacyOfAnother(NexusName nexus) {
    NexusName by = legacyHolder;
    return by != null && !by.equals(nexus);
  }

  private boolean isReservedForOthers(NexusName nexus, boolean onlyReads) {
    ReservationType as = type;
    return as != null
        && (as.keepsReadersOut || !onlyReads)
        && !(as.letsRegistrantsIn ? keys.containsKey(nexus) : nexus.equals(holder));
  }

  /** SPC-5 §5.13.3: RESERVE and RELEASE are GOOD and change nothing. */
  boolean goesOnByCompatibility(NexusName nexus) {
    ReservationType as = type;
    return as != null && (isHolder(nexus) || (as.letsRegistrantsIn && keys.containsKey(nexus)));
  }

  boolean isRegistered(NexusName nexus) {
    return keys.containsKey(nexus);
  }

  /** Whether a nexus is registered with this key. */
  boolean isRegistered(NexusName nexus, long key) {
    Long registered = keys.get(nexus);
    return registered != null && registered == key;
  }

  boolean isHolder(NexusName nexus) {
    ReservationType as = type;
    return as != null && (as.isAllRegistrants() ? keys.containsKey(nexus) : nexus.equals(holder));
  }

  boolean isAllRegistrants() {
    ReservationType as = type;
    return as != null && as.isAllRegistrants();
  }

  /** The key that READ RESERVATION tells: 0 when every registrant is a holder. */
  long holderKey() {
    NexusName by = holder;
    return by == null ? 0 : keys.getOrDefault(by, 0L);
  }

  /** Whether the same is to be there again after a power loss. */
  boolean persistsAs(ReservationState other) {
    return aptpl == other.aptpl
        && (!aptpl || (keys.equals(other.keys) && isReservedAs(other.type, other.holder)));
  }

  private boolean isReservedAs(@Nullable ReservationType as, @Nullable NexusName by) {
    return type == as && (holder == null ? by == null : holder.equals(by));
  }

  // ---- what follows -----------------------------------------------------------------------------

  /** The same, reserved by a nexus. */
  ReservationState reserved(ReservationType as, NexusName by) {
    return new ReservationState(
        keys, as, as.isAllRegistrants() ? null : by, legacyHolder, generation, aptpl);
  }

  /** The same without a reservation. */
  ReservationState released() {
    return new ReservationState(keys, null, null, legacyHolder, generation, aptpl);
  }

  /** The same with other registrations; a reservation that has lost its holder is one no more. */
  ReservationState registered(Map<NexusName, Long> now) {
    ReservationType as = type;
    NexusName by = holder;
    boolean lost =
        as != null && (as.isAllRegistrants() ? now.isEmpty() : by == null || !now.containsKey(by));
    return new ReservationState(
        now, lost ? null : as, lost ? null : by, legacyHolder, generation, aptpl);
  }

  /** The same without some registrations. */
  ReservationState without(Collection<NexusName> gone) {
    Map<NexusName, Long> fewer = new LinkedHashMap<>(keys);
    gone.forEach(fewer::remove);
    return registered(fewer);
  }

  /** The same after a service action that counts. */
  ReservationState next() {
    return new ReservationState(keys, type, holder, legacyHolder, generation + 1, aptpl);
  }

  ReservationState persistent(boolean throughPowerLoss) {
    return new ReservationState(keys, type, holder, legacyHolder, generation, throughPowerLoss);
  }

  /** The same, reserved by RESERVE of SPC-2, or not. */
  ReservationState legacy(@Nullable NexusName by) {
    return new ReservationState(keys, type, holder, by, generation, aptpl);
  }
}
