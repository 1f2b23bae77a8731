package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long the JVM of a server under load stops all threads, from its own log. */
final class Safepoints {
  static final Duration WARM_UP = Duration.ofSeconds(5);
  private static final int DEPTH = 32;
  private static final double MICRO = 1e3; // nanoseconds

  /** The variable that is read behind the launcher's options, one of which ends all logging. */
  private static final String LAST_OPTIONS = "_JAVA_OPTIONS";

  /**
   * For example {@code [9.1s] Safepoint "ICBufferFull", ..., Reaching safepoint: 2043 ns, At
   * safepoint: 81234 ns, Leaving safepoint: 1023 ns, Total: 84300 ns}. What leaving takes is no
   * pause: all threads have been woken, and on a core of theirs they run before the one that says
   * so.
   */
  private static final Pattern LINE =
      Pattern.compile(
          "^\\[[\\d.]+s\\].*Safepoint \"([^\"]+)\""
              + ".*Reaching safepoint: +(\\d+) ns.*At safepoint: +(\\d+) ns");

  private Safepoints() {}

  /** Under 4 KiB random reads of a malloc disk for so long. */
  static Figure measure(Peers peers, Duration time) throws IOException, InterruptedException {
    return measure(peers, time, (_, span) -> Thread.sleep(span));
  }

  /** What is done to the server for a while, beside the load. */
  interface Meanwhile {
    void run(Path rpcSocket, Duration time) throws IOException, InterruptedException;
  }

  /** The same, while something else is done to the server. */
  static Figure measure(Peers peers, Duration time, Meanwhile meanwhile)
      throws IOException, InterruptedException {
    Path work = peers.work();
    Path log = work.resolve("safepoints.log");
    Contender.Server plain = peers.millraceMalloc("safepoint", Spdk.MALLOC_BYTES);
    List<String> command =
        new ArrayList<>(List.of("env", LAST_OPTIONS + "=-Xlog:safepoint:file=" + log + "::"));
    command.addAll(plain.command());
    Contender.Server server = new Contender.Server(command, plain.socket(), plain.files());
    List<String> swarm =
        DiskSwarm.command(work.resolve("safepoint"), new DiskSwarm.Shape(1, 1, DEPTH));
    try (Child _ = server.start("safepoint-server", Contest.SERVER_CORE, work);
        Child load = Child.start("safepoint-load", Contest.LOAD_CORE, swarm, work)) {
      load.awaitPrinted(DiskSwarm.ATTACHED);
      load.say(DiskSwarm.line(DEPTH, Duration.ZERO, time.plus(WARM_UP).plusMinutes(1)));
      meanwhile.run(work.resolve("safepoint.rpc"), WARM_UP);
      int before = Files.readAllLines(log).size();
      meanwhile.run(work.resolve("safepoint.rpc"), time);
      List<String> lines = Files.readAllLines(log);
      return figure(time, lines.subList(before, lines.size()));
    }
  }

  /** Of what the JVM logged meanwhile. */
  static Figure figure(Duration time, List<String> lines) {
    double longest = 0;
    String reason = "";
    int count = 0;
    for (String line : lines) {
      Matcher matcher = LINE.matcher(line);
      if (matcher.find()) {
        count++;
        long nanos = Long.parseLong(matcher.group(2)) + Long.parseLong(matcher.group(3));
        double micros = nanos / MICRO;
        if (micros > longest) {
          longest = micros;
          reason = " (" + matcher.group(1) + ")";
        }
      }
    }
    return new Figure(
        "safepoints: longest pause in %d s of load".formatted(time.toSeconds()),
        longest,
        String.format(Locale.ROOT, "%.0f us%s, %d pauses", longest, reason, count),
        null,
        List.of());
  }
}
