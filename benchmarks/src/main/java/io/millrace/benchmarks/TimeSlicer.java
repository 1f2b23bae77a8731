package io.millrace.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A round robin over groups of processes by SIGCONT and SIGSTOP: at any moment one group runs. Two
 * sides measured in such slices see the same machine, whatever the host does to its virtual CPUs;
 * slices of seconds do not (the same server varies threefold between two seconds).
 *
 * <p>Slices are on a schedule, so that any whole number of cycles gives each group the same time,
 * wherever it begins. Between measurements everything is held: nothing runs.
 *
 * <p>A small bash script sends the signals, since Java has no call for them. When this process
 * dies, the script sees its stdin end and lets everything run again.
 */
final class TimeSlicer implements AutoCloseable {
  /** Long beside a context switch (microseconds), short beside what the host does (tens of ms). */
  static final Duration SLICE = Duration.ofMillis(20);

  /**
   * Where the script runs: beside the loads. On the servers' core it would hold a server up for a
   * tenth of a millisecond while its load goes on, at the beginning and end of each slice.
   */
  private static final String CORE =
      Integer.toString(Math.min(1, Runtime.getRuntime().availableProcessors() - 1));

  private final Process script;
  private final Writer commands;
  private final BufferedReader answers;

  private TimeSlicer(Process script) {
    this.script = script;
    this.commands = script.outputWriter(StandardCharsets.US_ASCII);
    this.answers = script.inputReader(StandardCharsets.US_ASCII);
  }

  /**
   * Stops every process of {@code groups}; {@link #go} lets them run in turn.
   *
   * @param groups each a server before its load: it goes on first and is stopped last
   */
  static TimeSlicer start(List<List<Process>> groups, Duration slice) throws IOException {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of("taskset", "-c", CORE, "bash", "-c", source(), "slice.sh", micros(slice)));
    for (List<Process> group : groups) {
      command.add(String.join(" ", group.stream().map(p -> Long.toString(p.pid())).toList()));
    }
    Process script =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    TimeSlicer slicer = new TimeSlicer(script);
    for (List<Process> group : groups) {
      group.forEach(slicer::dropWhenItEnds);
    }
    return slicer;
  }

  /** Begins a round robin with the first group, in slices of that length. */
  synchronized void go(Duration slice) throws IOException {
    say("slice " + micros(slice));
    say("go");
  }

  /** Stops every process; when this returns none runs. */
  synchronized void hold() throws IOException {
    say("hold");
    String answer = answer();
    if (!answer.equals("held")) {
      throw new IOException("the time slicer says " + answer);
    }
  }

  /** One more process of a group, already stopped; only while everything is held. */
  synchronized void add(int group, Process process) throws IOException {
    say("add " + group + " " + process.pid());
    dropWhenItEnds(process);
  }

  /** Nanoseconds of wall time that each group was allowed to run so far, in the order given. */
  synchronized long[] grantedNanos() throws IOException {
    say("report");
    String[] fields = answer().split(" ", -1);
    long[] nanos = new long[fields.length];
    for (int i = 0; i < nanos.length; i++) {
      nanos[i] = Long.parseLong(fields[i]) * 1000;
    }
    return nanos;
  }

  private void dropWhenItEnds(Process process) {
    var _ = process.onExit().thenAccept(this::drop);
  }

  private synchronized void drop(Process ended) {
    try {
      say("drop " + ended.pid());
    } catch (IOException e) {
      assert !script.isAlive() : e; // closed before: nobody is signalled any more
    }
  }

  private void say(String command) throws IOException {
    commands.write(command + " ;\n");
    commands.flush();
  }

  private String answer() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("the time slicer ended early; see its message above");
    }
    return line;
  }

  /** Lets every process run freely again. */
  @Override
  public synchronized void close() throws IOException {
    commands.close();
    try {
      script.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String micros(Duration slice) {
    return Long.toString(slice.toNanos() / 1000);
  }

  /** The script, for bash -c. */
  static String source() {
    try (InputStream in = TimeSlicer.class.getResourceAsStream("slice.sh")) {
      if (in == null) {
        throw new IllegalStateException("slice.sh is missing beside " + TimeSlicer.class);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
