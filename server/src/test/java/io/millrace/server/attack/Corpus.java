package io.millrace.server.attack;

import io.millrace.linux.LinuxException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** All attacks, and how one is carried out: others must be served during it and after it. */
final class Corpus implements AutoCloseable {
  private static final List<Class<?>> ALL =
      List.of(
          MessageAttacks.class,
          PassedDescriptorAttacks.class,
          MemoryAttacks.class,
          RingSetUpAttacks.class,
          SplitRingAttacks.class,
          IndirectAttacks.class,
          PackedRingAttacks.class,
          BlkAttacks.class,
          BounceAttacks.class,
          RaceAttacks.class,
          GreedAttacks.class);

  private final BackEnd backEnd;
  private Bystander bystander;
  private boolean prepared;

  Corpus(BackEnd backEnd) {
    this.backEnd = backEnd;
  }

  /** Every attack there is. */
  static List<Method> attacks() {
    return attacks(ALL);
  }

  /** The attacks of these classes. */
  static List<Method> attacks(List<Class<?>> holders) {
    return holders.stream()
        .flatMap(holder ->
            Arrays.stream(holder.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Attack.class))
                .sorted(Comparator.comparing(Method::getName)))
        .toList();
  }

  /** Carries an attack out. */
  Outcome run(Method attack) throws Exception {
    prepare();
    int before = backEnd.stableDescriptors();
    Outcome outcome = attempt(attack);
    if (outcome.isGood() && backEnd.settledDescriptors(before) > before) {
      // Once may be the process's own affair, such as a file that it opens when it first needs it.
      before = backEnd.settledDescriptors(before);
      outcome = attempt(attack);
      int left = backEnd.settledDescriptors(before) - before;
      if (outcome.isGood() && left > 0) {
        outcome = Verdict.leak("descriptors left open: " + left).outcome();
      }
    }
    return outcome;
  }

  /** The back-end runs, and a bystander has joined if there can be one. */
  private void prepare() throws Exception {
    if (prepared && backEnd.isAlive()) {
      return;
    }
    leave();
    backEnd.await();
    for (int i = 0; i < 3; i++) { // so that what it opens once is open
      Bystander.join(backEnd.socket).close();
    }
    bystander = Bystander.join(backEnd.socket);
    if (!takesAnother()) {
      leave();
    }
    prepared = true;
  }

  private boolean takesAnother() throws Exception {
    try (Attacker another = Attacker.connect(backEnd.socket)) {
      return another.ask(Wire.GET_FEATURES) != -1;
    }
  }

  private Outcome attempt(Method attack) throws Exception {
    Outcome outcome;
    try (Scene scene = new Scene(backEnd, bystander)) {
      outcome = carryOut(attack, scene);
      if (bystander != null && outcome.isGood()) {
        bystander.verify(); // while the attacker is still there
        Bystander.join(backEnd.socket).close();
      }
    } catch (Verdict verdict) {
      outcome = verdict.outcome();
    } catch (LinuxException e) {
      outcome = new Outcome(Outcome.Kind.HANG, e.getMessage());
    }
    Outcome after = othersAreServed();
    return after != null && (outcome.isGood() || after.kind() == Outcome.Kind.DIED)
        ? after
        : outcome;
  }

  private static Outcome carryOut(Method attack, Scene scene) throws Exception {
    try {
      return new Outcome(Outcome.Kind.SAFE, (String) attack.invoke(null, scene));
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Verdict verdict) {
        return verdict.outcome();
      }
      return new Outcome(Outcome.Kind.HANG, String.valueOf(e.getCause()));
    }
  }

  /** Null when all is well. */
  private Outcome othersAreServed() throws Exception {
    Outcome found = null;
    try {
      if (bystander != null) {
        bystander.verify();
      }
      Bystander.join(backEnd.socket).close();
    } catch (Verdict verdict) {
      found = verdict.outcome();
    } catch (LinuxException e) {
      found = new Outcome(Outcome.Kind.HANG, e.getMessage());
    }
    if (!backEnd.isAlive() || (found != null && backEnd.dies())) {
      found = new Outcome(Outcome.Kind.DIED, backEnd.end());
    }
    if (found != null) {
      prepared = false;
      backEnd.close(); // the next attack gets a fresh one
    }
    return found;
  }

  private void leave() {
    if (bystander != null) {
      bystander.close();
      bystander = null;
    }
  }

  @Override
  public void close() {
    leave();
    backEnd.close();
  }
}
