package io.millrace.reactor;

import org.jspecify.annotations.Nullable;

/**
 * Somebody's place in what waits for the end of a reactor's round, taken again and again. A link of
 * a list: to take it makes nothing, and looks into no table. The reactor's thread.
 */
public final class Deferral {
  final Deferred work;
  boolean asked; // and the work did not begin since
  boolean listed; // until the work has run
  @Nullable Deferral next; // in the list
  private final DeferredWork list;

  Deferral(Deferred work, DeferredWork list) {
    this.work = work;
    this.list = list;
  }

  /** Has the work run once at the end of this round, however often that is asked before it does. */
  public void ask() {
    asked = true;
    if (!listed) {
      list.add(this);
    }
  }

  /** Whether it was asked, and the work did not begin since. */
  public boolean isAsked() {
    return asked;
  }
}
