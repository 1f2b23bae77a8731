package io.millrace.virtio.blk;

/** Stands in classes that {@link RequestEdge} has rewritten: ends the process, sooner or later. */
public final class KillPoint {
  /** What a process exits with that died here, and nowhere else. */
  static final int EXIT = 86;

  /** How often the edge is passed before. */
  static final String PASSAGES = "millrace.passages";

  private static int left = Integer.getInteger(PASSAGES, Integer.MAX_VALUE);

  private KillPoint() {}

  /** A request is at the edge. Of one ring on one reactor, so on one thread. */
  public static void passed() {
    if (left-- == 0) {
      Runtime.getRuntime().halt(EXIT); // without a hook, and without a return
    }
  }
}
