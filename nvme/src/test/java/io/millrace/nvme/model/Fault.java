package io.millrace.nvme.model;

/**
 * How the controller misbehaves with one command.
 *
 * @param kind what it does
 * @param argument steps of a delay, or a status
 */
public record Fault(Kind kind, int argument) {
  /** Kinds of misbehaviour. */
  public enum Kind {
    /** The command is done and completed some steps later. */
    DELAY,
    /** It is neither done nor completed. It can be aborted. */
    DROP,
    /** It is completed twice. */
    DUPLICATE,
    /** Before its completion comes one of a command that is not there. */
    UNKNOWN_ID,
    /** Its completion names another submission queue. */
    WRONG_SQID,
    /** Its completion has a submission queue head outside the queue. */
    WRONG_SQHD,
    /** Its completion looks as if not written yet: that slot is never seen. */
    WRONG_PHASE,
    /** It is not done, and completed with a status. */
    STATUS
  }

  /** Steps from the fetch to the completion; commands behind may overtake. */
  public static Fault delay(int steps) {
    return new Fault(Kind.DELAY, steps);
  }

  public static Fault drop() {
    return new Fault(Kind.DROP, 0);
  }

  public static Fault duplicate() {
    return new Fault(Kind.DUPLICATE, 0);
  }

  public static Fault unknownId() {
    return new Fault(Kind.UNKNOWN_ID, 0);
  }

  public static Fault wrongSqid() {
    return new Fault(Kind.WRONG_SQID, 0);
  }

  public static Fault wrongSqhd() {
    return new Fault(Kind.WRONG_SQHD, 0);
  }

  public static Fault wrongPhase() {
    return new Fault(Kind.WRONG_PHASE, 0);
  }

  /** A status as in {@link Status}, with its flags. */
  public static Fault status(int status) {
    return new Fault(Kind.STATUS, status);
  }
}
