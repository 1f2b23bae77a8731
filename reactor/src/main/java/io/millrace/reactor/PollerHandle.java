package io.millrace.reactor;

/**
 * A poller's place on its reactor. Reactor's thread only.
 *
 * <p>States: HOT is polled every round, as more work is expected soon; COLD one a round in turn;
 * RESTING not at all until {@link #wake}.
 */
public final class PollerHandle implements AutoCloseable {
  enum State {
    HOT,
    COLD,
    RESTING,
    REMOVED
  }

  final Poller poller;
  private final long id;
  private final PollSet set;
  State state = State.REMOVED;
  int index; // in the array of its state
  boolean worked; // since the last tick
  long polls;
  long busyPolls;
  final PollWindow window;

  PollerHandle(long id, Poller poller, PollSet set, PollWindow window) {
    this.id = id;
    this.poller = poller;
    this.set = set;
    this.window = window;
  }

  /**
   * The other side sent a wake-up, or is about to go on: the poller is polled every round from this
   * one on, as if it had given work.
   */
  public void wake() {
    set.wake(this);
  }

  /** Whether the poller rests, that is, waits for {@link #wake}. */
  public boolean isResting() {
    return state == State.RESTING;
  }

  /** Whether no other poller is polled every round, so that this one may linger in its turn. */
  public boolean isAlone() {
    return state == State.HOT && set.hotCount() == 1;
  }

  /**
   * The poller looked several times in one turn.
   *
   * @param looks beyond the usual one: they count as rounds, or all else would come later
   */
  public void lingered(int looks) {
    set.lingered(looks);
  }

  PollerReport report() {
    return new PollerReport(id, poller.pollerName(), isResting(), polls, busyPolls);
  }

  /** Takes the poller off its reactor; it is not called again. Later calls do nothing. */
  @Override
  public void close() {
    set.remove(this);
  }
}
