package io.millrace.server.attack;

/** Ends an attack whose outcome is another than {@link Outcome.Kind#SAFE}. */
final class Verdict extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Outcome.Kind kind;

  private Verdict(Outcome.Kind kind, String seen) {
    super(seen);
    this.kind = kind;
  }

  static Verdict wrong(String seen) {
    return new Verdict(Outcome.Kind.WRONG, seen);
  }

  static Verdict lax(String seen) {
    return new Verdict(Outcome.Kind.LAX, seen);
  }

  static Verdict strict(String seen) {
    return new Verdict(Outcome.Kind.STRICT, seen);
  }

  static Verdict hang(String seen) {
    return new Verdict(Outcome.Kind.HANG, seen);
  }

  static Verdict leak(String seen) {
    return new Verdict(Outcome.Kind.LEAK, seen);
  }

  static Verdict notOffered(String what) {
    return new Verdict(Outcome.Kind.NOT_OFFERED, what + " is not offered");
  }

  Outcome outcome() {
    return new Outcome(kind, getMessage());
  }
}
