package io.millrace.nvme.model;

import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Which commands the controller misbehaves with, exactly or at random. The first rule that fits a
 * command is applied. Rules may be added by any thread.
 */
public final class Script {
  private static final int ANY = -1;

  private final List<Rule> rules = new CopyOnWriteArrayList<>();
  private @Nullable Random random;
  private int oneIn;
  private List<Fault> atRandom = List.of();

  /** One rule: of the commands it fits, some are let through, then some are hit. */
  public static final class Rule {
    private final Script script;
    private boolean admin;
    private int queue = ANY;
    private int opcode = ANY;
    private int skip;
    private int times = 1;
    private Fault fault = Fault.drop();

    private Rule(Script script) {
      this.script = script;
    }

    /** Only commands with this opcode. */
    public Rule opcode(int value) {
      opcode = value;
      return this;
    }

    /** Only commands of this I/O queue. */
    public Rule queue(int id) {
      queue = id;
      return this;
    }

    /** Lets that many through first. */
    public Rule after(int commands) {
      skip = commands;
      return this;
    }

    /** Hits that many instead of one. */
    public Rule times(int commands) {
      times = commands;
      return this;
    }

    /** Hits all. */
    public Rule always() {
      times = Integer.MAX_VALUE;
      return this;
    }

    /** What happens; the rule holds from now on. */
    public void does(Fault what) {
      fault = what;
      script.rules.add(this);
    }

    private boolean hits(Command command) {
      boolean fits =
          admin == (command.queue.id == 0)
              && (queue == ANY || queue == command.queue.id)
              && (opcode == ANY || opcode == command.opcode());
      if (!fits || times == 0) {
        return false;
      }
      if (skip > 0) {
        skip--;
        return false;
      }
      times--;
      return true;
    }
  }

  /** A rule for I/O commands. */
  public Rule io() {
    return new Rule(this);
  }

  /** A rule for admin commands. */
  public Rule admin() {
    Rule rule = new Rule(this);
    rule.admin = true;
    return rule;
  }

  /** Hits one I/O command in {@code oneCommandIn} with one of {@code faults}, by the seed. */
  public void random(long seed, int oneCommandIn, Fault... faults) {
    random = new Random(seed);
    oneIn = oneCommandIn;
    atRandom = List.of(faults);
  }

  /** No more misbehaviour. */
  public void clear() {
    rules.clear();
    random = null;
  }

  @Nullable Fault of(Command command) {
    if (rules.isEmpty() && random == null) {
      return null;
    }
    for (Rule rule : rules) {
      if (rule.hits(command)) {
        return rule.fault;
      }
    }
    if (random != null && command.queue.id != 0 && random.nextInt(oneIn) == 0) {
      return atRandom.get(random.nextInt(atRandom.size()));
    }
    return null;
  }
}
