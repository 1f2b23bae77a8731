package io.millrace.benchmarks;

import io.millrace.initiator.InitiatorException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.StringJoiner;

/**
 * A load that is warm, before its server is: it has run against another one, then waits for a
 * socket, connects at once and counts what is done by the clock. A program of its own, of one
 * thread.
 */
public final class WarmUpLoad {
  /** What it prints when it is warm. */
  static final String WARM = "warm";

  /** What one count is of. */
  static final Duration STEP = Duration.ofMillis(10);

  private static final int DEPTH = 32;
  private static final int ROUNDS_A_CLOCK_READ = 16;
  private static final long TRY_AGAIN_MICROS = 200;

  /** Runs against the first server until it is as fast as it gets. */
  private static final Duration OWN_WARM_UP = Duration.ofSeconds(4);

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

  /** Answers each line with the counts, one for each step since the socket took a connection. */
  public static void main(String[] args)
      throws IOException, InitiatorException, InterruptedException {
    measure(Path.of(args[0]), OWN_WARM_UP.toNanos());
    var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    System.out.println(WARM);
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      int space = line.lastIndexOf(' ');
      long[] counts =
          measure(Path.of(line.substring(0, space)), Long.parseLong(line.substring(space + 1)));
      StringJoiner answer = new StringJoiner(" ");
      for (long count : counts) {
        answer.add(Long.toString(count));
      }
      System.out.println(answer);
    }
  }

  private static long[] measure(Path socket, long nanos)
      throws InitiatorException, InterruptedException {
    long[] counts = new long[(int) (nanos / STEP.toNanos())];
    while (true) {
      long start = System.nanoTime();
      try (Lane lane = new Lane(socket, DEPTH, Lane.BLOCK_BYTES, 0, Tracking.INFLIGHT)) {
        lane.begin(DEPTH);
        count(lane, start, counts);
        lane.drain();
        return counts;
      } catch (InitiatorException e) {
        if (e.kind() != InitiatorException.Kind.UNREACHABLE) {
          throw e;
        }
        Thread.sleep(Duration.ofNanos(TRY_AGAIN_MICROS * 1000));
      }
    }
  }

  /** Requests done in each step from {@code start} on. */
  private static void count(Lane lane, long start, long[] counts) {
    long before = 0;
    while (true) {
      for (int round = 0; round < ROUNDS_A_CLOCK_READ; round++) {
        lane.poll();
      }
      long step = (System.nanoTime() - start) / STEP.toNanos();
      if (step >= counts.length) {
        return;
      }
      counts[(int) step] += lane.completed() - before;
      before = lane.completed();
    }
  }
}
