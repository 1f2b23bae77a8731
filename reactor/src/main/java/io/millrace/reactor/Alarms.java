package io.millrace.reactor;

import java.util.Arrays;

/**
 * The alarms of one reactor that are set, in no order: few are, and they are gone through when one
 * is due and around a sleep, not in every tick. Data-path code.
 */
final class Alarms {
  private final Guard guard;
  private Alarm[] set = new Alarm[8];
  private int count;
  private long earliestNanos; // no alarm goes off before; meaningless while none is set

  Alarms(Guard guard) {
    this.guard = guard;
  }

  void set(Alarm alarm) {
    if (count == 0 || alarm.atNanos - earliestNanos < 0) {
      earliestNanos = alarm.atNanos;
    }
    if (alarm.index != Alarm.NOT_SET) {
      return;
    }
    if (count == set.length) {
      set = Arrays.copyOf(set, count * 2);
    }
    alarm.index = count;
    set[count++] = alarm;
  }

  /** Fills the hole with the last one. */
  void clear(Alarm alarm) {
    if (alarm.index != Alarm.NOT_SET) {
      Alarm last = set[--count];
      last.index = alarm.index;
      set[alarm.index] = last;
      alarm.index = Alarm.NOT_SET;
    }
  }

  /** Has every alarm go off whose time has come; what one sets to now waits for the next call. */
  void goOff(long now) {
    if (count == 0 || earliestNanos - now > 0) {
      return;
    }
    // Downwards: those set meanwhile are behind, and the hole of one that goes is filled from
    // there.
    for (int i = count - 1; i >= 0; i--) {
      if (i < count && set[i].atNanos - now <= 0) {
        Alarm alarm = set[i];
        clear(alarm);
        guard.run(alarm.due);
      }
    }
    findEarliest();
  }

  private void findEarliest() {
    for (int i = 0; i < count; i++) {
      if (i == 0 || set[i].atNanos - earliestNanos < 0) {
        earliestNanos = set[i].atNanos;
      }
    }
  }

  /**
   * The thread is about to sleep.
   *
   * @return for how long it may: at least 1, at most {@code mostNanos}
   */
  long sleeps(long now, long mostNanos) {
    long wait = mostNanos;
    for (int i = 0; i < count; i++) {
      Alarm alarm = set[i];
      alarm.sleepsOn = !alarm.wakes.getAsBoolean();
      if (!alarm.sleepsOn) {
        wait = Math.min(wait, alarm.atNanos - now);
      }
    }
    return Math.max(1, wait);
  }

  /** The thread has slept. */
  void awake(long now) {
    for (int i = 0; i < count; i++) {
      Alarm alarm = set[i];
      alarm.sleptThrough = alarm.sleepsOn && alarm.atNanos - now < 0;
    }
  }
}
