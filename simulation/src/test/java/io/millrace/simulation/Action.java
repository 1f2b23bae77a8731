package io.millrace.simulation;

import io.millrace.initiator.VirtioBlk;

/** One thing that a history does, one after the other. */
sealed interface Action {
  /** What a request of the guest is. */
  enum Kind {
    READ(VirtioBlk.T_IN),
    WRITE(VirtioBlk.T_OUT),
    FLUSH(VirtioBlk.T_FLUSH),
    DISCARD(VirtioBlk.T_DISCARD),
    WRITE_ZEROES(VirtioBlk.T_WRITE_ZEROES);

    final int type;

    Kind(int type) {
      this.type = type;
    }

    /** Whether it changes sectors. */
    boolean writes() {
      return this == WRITE || this == DISCARD || this == WRITE_ZEROES;
    }
  }

  /**
   * The guest offers a request, as soon as it has room for it.
   *
   * @param id names it in the whole history
   * @param cuts where its data lies: in how many pieces, how aligned
   */
  record Submit(int id, Kind kind, int queue, int sector, int count, int cuts) implements Action {
    @Override
    public String toString() {
      return kind == Kind.FLUSH
          ? "#%d FLUSH on queue %d".formatted(id, queue)
          : "#%d %s %d+%d on queue %d".formatted(id, kind, sector, count, queue);
    }
  }

  /**
   * Time passes.
   *
   * @param nanos how much with each round, beyond what a round takes
   */
  record Pass(int rounds, long nanos) implements Action {}

  /** The guest waits until all its requests are answered. */
  record Drain() implements Action {}

  /** GET_VRING_BASE, and a start there. */
  record StopAndStart(int queue) implements Action {}

  /** The guest switches the disk's cache. */
  record Cache(boolean on) implements Action {}

  /** The disk is taken from the server, until another one comes up. */
  record Remove() implements Action {}

  /** The connection ends, and another one is made to the same server. */
  record Reconnect() implements Action {}

  /** The server dies after that many steps in the kernel, and another one comes up. */
  record Kill(int events) implements Action {}

  /** Power is lost after that many steps in the kernel; server and guest start anew. */
  record PowerLoss(int events) implements Action {}
}
