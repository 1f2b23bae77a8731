package io.millrace.benchmarks;

import io.millrace.initiator.InitiatorException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * A load that is warm, before its server is: it has run against another one, then waits for a
 * socket, connects at once and counts what is done by the clock. A program of its own, of one
 * thread.
 */
public final class WarmUpLoad {
  /** What it prints when it is warm. */
  static final String WARM = "warm";

  /** What it prints when the socket that it was told of is there. */
  static final String BEGUN = "begun";

  /** Said to it, ends what it counts; it answers as it does at the end of its time. */
  static final String END = "";

  private static final int DEPTH = 32;
  private static final int ROUNDS_A_CLOCK_READ = 16;
  private static final Duration TRY_AGAIN = Duration.ofNanos(200_000);

  /** Runs against the first server until it is as fast as it gets. */
  private static final Duration OWN_WARM_UP = Duration.ofSeconds(4);

  private final BufferedReader input =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  private WarmUpLoad() {}

  /**
   * A command line.
   *
   * @param running socket of a server that runs
   */
  static List<String> command(Path running) {
    return JavaProgram.command(WarmUpLoad.class, List.of(running.toString()));
  }

  /** What to say to it: whom to wait for and how long to count. */
  static String line(Path socket, Duration time) {
    return socket + " " + time.toNanos();
  }

  /** Answers each line when the socket is there, and then with the {@link WarmUpCounts}. */
  public static void main(String[] args)
      throws IOException, InitiatorException, InterruptedException {
    WarmUpLoad load = new WarmUpLoad();
    load.measure(Path.of(args[0]), OWN_WARM_UP.toNanos());
    System.out.println(WARM);
    for (String line = load.input.readLine(); line != null; line = load.input.readLine()) {
      if (!line.equals(END)) { // else it comes behind the end of the time
        int space = line.lastIndexOf(' ');
        Path socket = Path.of(line.substring(0, space));
        long nanos = Long.parseLong(line.substring(space + 1));
        System.out.println(load.measure(socket, nanos).line());
      }
    }
  }

  private WarmUpCounts measure(Path socket, long nanos)
      throws IOException, InitiatorException, InterruptedException {
    while (!Files.exists(socket)) {
      Thread.sleep(TRY_AGAIN);
    }
    System.out.println(BEGUN);
    while (true) {
      long start = System.nanoTime();
      try (Lane lane = new Lane(socket, DEPTH, Lane.BLOCK_BYTES, 0, Tracking.INFLIGHT)) {
        lane.begin(DEPTH);
        WarmUpCounts counts = count(lane, start, nanos);
        lane.drain();
        return counts;
      } catch (InitiatorException e) {
        if (e.kind() != InitiatorException.Kind.UNREACHABLE) {
          throw e;
        }
        Thread.sleep(TRY_AGAIN);
      }
    }
  }

  /** Requests done in each step from {@code start} on, until the time is over or it is told so. */
  private WarmUpCounts count(Lane lane, long start, long nanos) throws IOException {
    long first = WarmUpCounts.step(start);
    long[] counts = new long[(int) WarmUpCounts.step(nanos)];
    int last = 0;
    long before = 0;
    while (true) {
      for (int round = 0; round < ROUNDS_A_CLOCK_READ; round++) {
        lane.poll();
      }
      int step = (int) (WarmUpCounts.step(System.nanoTime()) - first);
      if (step >= counts.length || (step > last && input.ready())) {
        int whole = Math.min(step, counts.length);
        return new WarmUpCounts(first, Arrays.stream(counts, 0, whole).boxed().toList());
      }
      counts[step] += lane.completed() - before;
      before = lane.completed();
      last = step;
    }
  }
}
