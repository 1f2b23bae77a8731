package io.millrace.simulation;

import io.millrace.initiator.VirtioBlk;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A setup and what happens in it. */
record Plan(Setup setup, List<Action> actions) {
  private static final int MOST_REQUESTS = 60;
  private static final long LONG_NANOS = 20_000_000;

  Plan {
    actions = List.copyOf(actions);
  }

  static Plan of(long seed) {
    Setup setup = Setup.of(seed);
    Random random = new Random(seed ^ 0x5deece66dL);
    List<Action> actions = new ArrayList<>();
    int requests = 5 + random.nextInt(MOST_REQUESTS);
    int writes = 2 + random.nextInt(6); // of ten
    int pause = 1 + random.nextInt(30);
    int[] turn = {0};
    for (int id = 0; id < requests; id++) {
      actions.add(submit(setup, random, id, writes));
      if (random.nextInt(3) == 0) {
        boolean idle = random.nextInt(8) == 0; // long enough for what is held
        actions.add(new Action.Pass(random.nextInt(pause), idle ? LONG_NANOS : 0));
      }
      if (random.nextInt(12) == 0) {
        actions.add(special(setup, random, turn));
      }
    }
    actions.add(new Action.PowerLoss(random.nextInt(20)));
    return new Plan(setup, actions);
  }

  private static Action submit(Setup setup, Random random, int id, int writes) {
    int kind = random.nextInt(12);
    int queue = random.nextInt(setup.queues());
    int cuts = random.nextInt();
    if (kind == 10 && setup.has(VirtioBlk.F_FLUSH)) {
      return new Action.Submit(id, Action.Kind.FLUSH, queue, 0, 0, cuts);
    }
    int count = 1 + random.nextInt(Sector.MOST);
    int sector = random.nextInt(setup.sectors() - count + 1);
    Action.Kind what = kind < writes ? Action.Kind.WRITE : Action.Kind.READ;
    if (kind == 11 && random.nextBoolean()) {
      what = random.nextBoolean() ? Action.Kind.DISCARD : Action.Kind.WRITE_ZEROES;
    }
    return new Action.Submit(id, what, queue, sector, count, cuts);
  }

  private static Action special(Setup setup, Random random, int[] turn) {
    return switch (random.nextInt(17)) {
      case 0, 1 -> new Action.StopAndStart(random.nextInt(setup.queues()));
      case 2, 3, 4, 5 -> new Action.Cache(turn[0]++ % 2 != 0);
      case 6, 7 -> new Action.Reconnect();
      case 8, 9, 10, 11 -> new Action.Kill(random.nextInt(20));
      case 12, 13 -> new Action.PowerLoss(random.nextInt(20));
      case 14 -> new Action.Remove();
      default -> new Action.Drain();
    };
  }
}
