package io.millrace.scsi;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An I_T_L nexus: what an initiator is to be told of a logical unit (SAM-6 §5.14). Any thread. */
final class LunNexus {
  private final Nexus nexus;
  private final Lun lun;
  private final NexusName name;
  private final AtomicInteger attentions = new AtomicInteger(UnitAttention.POWER_ON_OCCURRED.bit());
  private final TaskOrder order = new TaskOrder(this);

  LunNexus(Nexus nexus, Lun lun) {
    this.nexus = nexus;
    this.lun = lun;
    name = NexusName.of(nexus);
    lun.unit().joined(this);
  }

  Nexus nexus() {
    return nexus;
  }

  Lun lun() {
    return lun;
  }

  /** Under which it is registered, if it is. */
  NexusName name() {
    return name;
  }

  /** In which order its tasks are begun. */
  TaskOrder order() {
    return order;
  }

  /** The set of unit attentions that are pending, 0 for none. */
  int attentions() {
    return attentions.get();
  }

  /** One is pending from now on; a reset makes those before it meaningless. */
  void attention(UnitAttention condition) {
    attentions.updateAndGet(pending -> (condition.isReset() ? 0 : pending) | condition.bit());
  }

  /** The one that is told first, which is pending no more; null when none is. */
  @Nullable UnitAttention takeAttention() {
    int before = attentions.getAndUpdate(pending -> pending & (pending - 1));
    return before == 0 ? null : UnitAttention.values()[Integer.numberOfTrailingZeros(before)];
  }

  /** Whether a reservation of another keeps a command out. Data path. */
  @SuppressWarnings("ReferenceEquality") // of the one that most logical units are always in
  boolean isKeptOut(Access access) {
    ReservationState state = lun.unit().reservations().state();
    return state != ReservationState.NONE && state.keepsOut(name, access);
  }

  /** None of this kind is pending any more. */
  void forget(UnitAttention condition) {
    attentions.updateAndGet(pending -> pending & ~condition.bit());
  }

  void close() {
    lun.unit().left(this);
  }

  @Override
  public String toString() {
    return nexus + " LUN " + lun.number();
  }
}
