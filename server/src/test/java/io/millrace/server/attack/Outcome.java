package io.millrace.server.attack;

/**
 * What became of an attack.
 *
 * @param seen what was seen, as a fact
 */
record Outcome(Kind kind, String seen) {
  /** From the best to the worst. */
  enum Kind {
    /** Request, queue or session ended as they have to; everybody else was served. */
    SAFE,
    /** The back-end does not offer what is attacked. */
    NOT_OFFERED,
    /** What is legal was not served. */
    STRICT,
    /** What the rule forbids was accepted; no harm was seen. */
    LAX,
    /** Descriptors were not closed. */
    LEAK,
    /** The device did what it was not asked for, or said what is not true. */
    WRONG,
    /** Others were not served any more. */
    HANG,
    /** The process ended. */
    DIED
  }

  boolean isGood() {
    return kind == Kind.SAFE || kind == Kind.NOT_OFFERED;
  }

  @Override
  public String toString() {
    return kind + ": " + seen;
  }
}
