package io.millrace.reactor;

import java.util.function.BooleanSupplier;

/**
 * A timer made once and set again and again without allocating anything, for the data path; {@link
 * Reactor#schedule} is the simple one for everything else. Reactor's thread only.
 *
 * <p>It goes off at the reactor's first look at the clock after its time: some microseconds late on
 * a busy reactor, as late as the kernel wakes a sleeping one.
 */
public final class Alarm {
  static final int NOT_SET = -1;

  private final Alarms alarms;
  final Runnable due;
  final BooleanSupplier wakes; // asked before a sleep
  long atNanos;
  int index = NOT_SET; // in the array of those that are set
  boolean sleepsOn; // through the sleep that is or was last
  boolean sleptThrough;

  Alarm(Alarms alarms, Runnable due, BooleanSupplier wakes) {
    this.alarms = alarms;
    this.due = due;
    this.wakes = wakes;
  }

  /**
   * Sets the alarm, to another time if it is set: it goes off once.
   *
   * @param atNanos when, on {@link Reactor#nanoTime}'s clock; a time that has passed is now
   */
  public void set(long atNanos) {
    this.atNanos = atNanos;
    sleepsOn = false;
    sleptThrough = false;
    alarms.set(this);
  }

  /** Unsets the alarm; one that is not set is left alone. */
  public void clear() {
    alarms.clear(this);
  }

  /** Whether the alarm will go off. */
  public boolean isSet() {
    return index != NOT_SET;
  }

  /** When it goes off, if it is set. */
  public long atNanos() {
    return atNanos;
  }

  /** Whether the reactor slept when it was time, as the alarm did not want to wake it. */
  public boolean wasSleptThrough() {
    return sleptThrough;
  }
}
