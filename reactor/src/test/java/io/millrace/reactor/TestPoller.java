package io.millrace.reactor;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A poller that does as it is told and remembers what was asked of it. */
final class TestPoller implements Poller {
  int work; // what each poll gives
  boolean refusesArm;
  @Nullable Runnable inPoll;
  @Nullable Runnable inArm;
  @Nullable Runnable inDisarm;
  @Nullable Runnable inFailed;
  int polls;
  int arms;
  int disarms;
  final List<Throwable> failures = new ArrayList<>();

  static TestPoller busy() {
    TestPoller poller = new TestPoller();
    poller.work = 1;
    return poller;
  }

  @Override
  public int poll() {
    polls++;
    run(inPoll);
    return work;
  }

  @Override
  public boolean arm() {
    arms++;
    run(inArm);
    return !refusesArm;
  }

  @Override
  public void disarm() {
    disarms++;
    run(inDisarm);
  }

  @Override
  public void failed(Throwable cause) {
    failures.add(cause);
    run(inFailed);
  }

  private static void run(@Nullable Runnable action) {
    if (action != null) {
      action.run();
    }
  }
}
