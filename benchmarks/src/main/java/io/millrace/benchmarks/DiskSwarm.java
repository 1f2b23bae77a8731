package io.millrace.benchmarks;

import io.millrace.initiator.InitiatorException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One thread that drives many disks, as many guests on one host do: each attached and used once,
 * some of them kept busy with 4 KiB random reads. A program of its own; {@code millrace perf} has a
 * thread for each queue, and a hundred that poll on one core only wait for each other.
 */
public final class DiskSwarm {
  /** What it prints when every disk is attached and was used. */
  static final String ATTACHED = "attached";

  private static final int GREEDY_DEPTH = 32;
  private static final int ROUNDS_A_CLOCK_READ = 64;

  /**
   * How many disks and how busy.
   *
   * @param disks attached
   * @param active of them kept busy
   * @param depth requests at once of each of these, at most
   * @param greedyBytes when not 0, the others are kept busy with reads of so many bytes, 32 at
   *     once, and are not counted
   * @param tracking asked of each back-end
   */
  record Shape(int disks, int active, int depth, int greedyBytes, Tracking tracking) {
    Shape(int disks, int active, int depth) {
      this(disks, active, depth, 0);
    }

    Shape(int disks, int active, int depth, int greedyBytes) {
      this(disks, active, depth, greedyBytes, Tracking.INFLIGHT);
    }
  }

  private DiskSwarm() {}

  /**
   * The command line of a swarm; it attaches and then waits to be told what to do.
   *
   * @param prefix the sockets are PREFIX-0.sock, PREFIX-1.sock and so on
   */
  static List<String> command(Path prefix, Shape shape) {
    return JavaProgram.command(
        DiskSwarm.class,
        List.of(
            prefix.toString(),
            Integer.toString(shape.disks),
            Integer.toString(shape.active),
            Integer.toString(shape.depth),
            Integer.toString(shape.greedyBytes),
            shape.tracking.name()));
  }

  /** What to say to it for a measurement. */
  static String line(int depth, Duration leadIn, Duration run) {
    return "%d %d %d".formatted(depth, leadIn.toNanos(), run.toNanos());
  }

  /** A swarm as the load of a contender. */
  static Load on(Path prefix, Shape shape) {
    return new LineLoad(
        Contest.LOAD_CORE,
        command(prefix, shape),
        ATTACHED,
        (workload, leadIn, run) -> line(workload.depth(), leadIn, run));
  }

  /** Runs a command line made by {@link #command}; answers each line with a report like fio's. */
  public static void main(String[] args) throws InitiatorException, IOException {
    Shape shape =
        new Shape(
            Integer.parseInt(args[1]),
            Integer.parseInt(args[2]),
            Integer.parseInt(args[3]),
            Integer.parseInt(args[4]),
            Tracking.valueOf(args[5]));
    List<Lane> lanes = new ArrayList<>();
    for (int i = 0; i < shape.disks; i++) {
      boolean greedy = i >= shape.active && shape.greedyBytes > 0;
      int depth = greedy ? GREEDY_DEPTH : shape.depth;
      int bytes = greedy ? shape.greedyBytes : Lane.BLOCK_BYTES;
      Path socket = Path.of(args[0] + "-" + i + ".sock");
      Lane lane = new Lane(socket, depth, bytes, i, shape.tracking);
      if (greedy || i < shape.active) {
        lanes.add(lane);
      }
    }
    Lane[] active = lanes.toArray(Lane[]::new);
    var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    System.out.println(ATTACHED);
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      System.out.println(measure(active, shape.active, line.split(" ", -1)));
    }
    System.exit(0); // what is attached goes with the process
  }

  private static String measure(Lane[] lanes, int counted, String[] words) {
    for (Lane lane : lanes) {
      lane.begin(Integer.parseInt(words[0]));
    }
    drive(lanes, Long.parseLong(words[1]));
    long before = completed(lanes, counted);
    long nanos = drive(lanes, Long.parseLong(words[2]));
    double iops = (completed(lanes, counted) - before) * 1e9 / nanos;
    for (Lane lane : lanes) {
      lane.drain();
    }
    return String.format(
        Locale.ROOT,
        "{\"jobs\": [{\"read\": {\"iops\": %.1f, \"bw_bytes\": %.0f}}]}",
        iops,
        iops * Lane.BLOCK_BYTES);
  }

  /** Keeps the disks busy; the time that took. */
  private static long drive(Lane[] lanes, long nanos) {
    long start = System.nanoTime();
    long now = start;
    while (now - start < nanos) {
      for (int round = 0; round < ROUNDS_A_CLOCK_READ; round++) {
        for (Lane lane : lanes) {
          lane.poll();
        }
      }
      now = System.nanoTime();
    }
    return now - start;
  }

  private static long completed(Lane[] lanes, int counted) {
    long count = 0;
    for (int i = 0; i < counted; i++) {
      count += lanes[i].completed();
    }
    return count;
  }
}
