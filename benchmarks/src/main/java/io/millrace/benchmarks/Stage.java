package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where contests take place: the last lineup stays up until another one, or a verdict, is wanted.
 */
final class Stage implements AutoCloseable {
  /** Most rounds that are dropped because somebody still got faster. */
  private static final int MOST_WARM_UPS = 12;

  /** Rounds in a row without anybody getting faster: after a start, and after a change of load. */
  private static final int CALM_AFTER_START = 2;

  private static final int CALM_AFTER_CHANGE = 1;

  /**
   * How often all sides of what has a bar start: one process of a program does up to 8 % more than
   * the next, whichever program that is, for as long as it lives.
   */
  private static final int LIVES = 3;

  /** Gain over the best round so far that counts as getting faster. */
  private static final double FASTER = 1.05;

  private final Path work;
  private final int rounds;
  private final Duration own;
  private final Consumer<String> progress;
  private @Nullable Lineup lineup;
  private @Nullable Contest contest;

  /**
   * An empty stage.
   *
   * @param work folder for sockets and outputs
   * @param rounds of each comparison
   * @param own time that each side measures in a round, at least
   * @param progress is told in lines how far it is
   */
  Stage(Path work, int rounds, Duration own, Consumer<String> progress) {
    this.work = work;
    this.rounds = rounds;
    this.own = own;
    this.progress = progress;
  }

  /** The rounds of one comparison, on servers that are warm. */
  Rounds rounds(String name, Lineup wanted, Workload workload, Duration slice)
      throws IOException, InterruptedException {
    return rounds(name, wanted, workload, slice, rounds);
  }

  /** The same with a number of rounds of its own. */
  Rounds rounds(String name, Lineup wanted, Workload workload, Duration slice, int count)
      throws IOException, InterruptedException {
    boolean stays = wanted == lineup && contest != null && contest.isComplete();
    Contest arena = stays && contest != null ? contest : open(wanted);
    warmUp(name, arena, wanted, workload, slice, stays ? CALM_AFTER_CHANGE : CALM_AFTER_START);
    List<List<Contest.@Nullable Result>> all = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      all.add(round("%s: round %d of %d".formatted(name, i, count), arena, workload, slice));
    }
    List<@Nullable String> failures = new ArrayList<>();
    for (int side = 0; side < wanted.size(); side++) {
      String failure = arena.failure(side);
      failures.add(failure);
      if (failure != null) {
        progress.accept("%s: %s is left out: %s".formatted(name, wanted.name(side), failure));
      }
    }
    return new Rounds(wanted, workload, slice, all, failures);
  }

  /** The same number of rounds as usual, for a verdict: all sides start several times for them. */
  Rounds judged(String name, Lineup wanted, Workload workload, Duration slice)
      throws IOException, InterruptedException {
    int lives = Math.min(LIVES, rounds);
    Rounds all = rounds(name, wanted, workload, slice, rounds / lives);
    for (int life = 1; life < lives && all.isComplete(); life++) {
      close();
      int count = rounds * (life + 1) / lives - rounds * life / lives;
      all = all.with(rounds(name, wanted, workload, slice, count));
    }
    return all;
  }

  /** Rounds that do not count, until a compiler has done its work on every side. */
  private void warmUp(
      String name, Contest arena, Lineup sides, Workload workload, Duration slice, int wantedCalm)
      throws IOException, InterruptedException {
    double[] best = new double[sides.size()];
    int calm = -1; // the first round is always the fastest so far
    for (int i = 0; i < MOST_WARM_UPS && calm < wantedCalm; i++) {
      boolean faster = false;
      List<Contest.@Nullable Result> round = round(name + ": warm-up", arena, workload, slice);
      for (int side = 0; side < best.length; side++) {
        Contest.Result result = round.get(side);
        double iops = result == null ? 0 : result.iops();
        faster |= i > 0 && iops > best[side] * FASTER;
        best[side] = Math.max(best[side], iops);
      }
      calm = faster ? 0 : calm + 1;
    }
  }

  private List<Contest.@Nullable Result> round(
      String what, Contest arena, Workload workload, Duration slice)
      throws IOException, InterruptedException {
    List<Contest.@Nullable Result> round = arena.round(workload, own, slice);
    StringBuilder line = new StringBuilder(what);
    round.forEach(side -> line.append(side == null ? " -" : " %.0f".formatted(side.iops())));
    progress.accept(line.append(" IOPS").toString());
    return round;
  }

  private Contest open(Lineup wanted) throws IOException, InterruptedException {
    close();
    Contest opened = Contest.open(wanted.contenders(), work);
    contest = opened;
    lineup = wanted;
    return opened;
  }

  /** Ends what runs. */
  @Override
  public void close() throws IOException {
    Contest running = contest;
    contest = null;
    lineup = null;
    if (running != null) {
      running.close();
    }
  }
}
