package io.millrace.nvme;

/** Who a {@link QueuePair} turns to. Called on the pair's reactor, but for the last two. */
interface QueueOwner {
  /**
   * The controller posted what it never may. The pair takes no more completions.
   *
   * @param what for the log
   */
  void lied(QueuePair pair, String what);

  /**
   * A command takes too long, or its user wants it ended.
   *
   * @param commandId still with the controller
   */
  void abort(QueuePair pair, int commandId);

  /** A command that was asked to be aborted is still not there: the controller hangs. */
  void hangs(QueuePair pair, String what);

  /** Whether the controller takes queues now. Home. */
  boolean takesQueues();

  /** Whether the controller will never take any: it has failed, or is gone. Home. */
  boolean isLost();
}
