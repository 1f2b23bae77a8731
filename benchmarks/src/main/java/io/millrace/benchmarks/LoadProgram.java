package io.millrace.benchmarks;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.perf.PerfOptions;
import io.millrace.initiator.perf.PerfReport;
import io.millrace.initiator.perf.PerfResult;
import io.millrace.initiator.perf.PerfRun;
import io.millrace.initiator.perf.PerfTarget;
import io.millrace.initiator.perf.ReadWrite;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * {@code millrace perf} that stays: it reads what to run, a line each, and answers with perf's JSON
 * in one line. What it took seconds to compile serves all rounds.
 */
public final class LoadProgram {
  /** What it prints when it is ready. */
  static final String READY = "ready";

  private LoadProgram() {}

  /** Our load on a socket. */
  static Load on(Path socket) {
    return new LineLoad(
        Contest.LOAD_CORE,
        JavaProgram.command(LoadProgram.class, List.of(socket.toString())),
        READY,
        LoadProgram::line);
  }

  private static String line(Workload load, Duration leadIn, Duration run) {
    return String.format(
        Locale.ROOT,
        "%s %d %d %d %b %d %d %d",
        load.rw(),
        load.blockBytes(),
        load.depth(),
        load.readPercent(),
        load.packed(),
        load.rateIops(),
        leadIn.toNanos(),
        run.toNanos());
  }

  /** Serves lines made by {@link #line} until its input ends. */
  public static void main(String[] args) throws IOException, InterruptedException {
    PerfTarget target = PerfTarget.socket(Path.of(args[0]), FrontendOptions.defaults());
    var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    System.out.println(READY);
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      System.out.println(answer(target, options(line.split(" ", -1))));
    }
  }

  private static String answer(PerfTarget target, PerfOptions options) throws InterruptedException {
    try {
      PerfResult result = new PerfRun(target, options).run();
      return PerfReport.json(result, "bench").replace('\n', ' ');
    } catch (InitiatorException e) {
      return "{\"error\": \"%s\"}".formatted(String.valueOf(e.getMessage()).replace('"', '\''));
    }
  }

  private static PerfOptions options(String[] words) {
    return PerfOptions.defaults()
        .withLoad(
            ReadWrite.of(words[0]).orElseThrow(),
            Integer.parseInt(words[1]),
            Integer.parseInt(words[2]),
            1)
        .withTime(
            Duration.ofNanos(Long.parseLong(words[7])), Duration.ofNanos(Long.parseLong(words[6])))
        .with(b -> {
          b.readPercent = Integer.parseInt(words[3]);
          b.packed = Boolean.parseBoolean(words[4]);
          b.rateIops = Integer.parseInt(words[5]);
          b.randomMap = false;
        });
  }
}
