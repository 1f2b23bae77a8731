package io.millrace.benchmarks;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A process under measurement, kept on given cores. Its output goes to files in the work folder,
 * which a failure names.
 */
final class Child implements AutoCloseable {
  /** What Linux counts process time in (USER_HZ, fixed at 100 for programs). */
  private static final long TICK_NANOS = 10_000_000;

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final String name;
  private final Process process;
  private final Path output;
  private final Thread atExit = new Thread(this::kill);
  private int linesTaken;

  private Child(String name, Process process, Path output) {
    this.name = name;
    this.process = process;
    this.output = output;
  }

  /**
   * Starts {@code command} on {@code cores} ("0", "0-3"); its stdout and stderr go to NAME.out and
   * NAME.err.
   */
  static Child start(String name, String cores, List<String> command, Path work)
      throws IOException {
    List<String> pinned = new ArrayList<>(List.of("taskset", "-c", cores));
    pinned.addAll(command);
    Path output = work.resolve(name + ".out");
    Process process =
        new ProcessBuilder(pinned)
            .redirectOutput(output.toFile())
            .redirectError(work.resolve(name + ".err").toFile())
            .start();
    Child child = new Child(name, process, output);
    Runtime.getRuntime().addShutdownHook(child.atExit);
    return child;
  }

  /**
   * The same for a program that says when it is ready: waits for that, and leaves out what it has
   * printed until then.
   */
  static Child startReady(String name, String cores, List<String> command, String ready, Path work)
      throws IOException, InterruptedException {
    Child child = start(name, cores, command, work);
    try {
      child.awaitPrinted(ready);
      child.linesTaken = (int) child.printed().lines().count();
      return child;
    } catch (IOException | InterruptedException | RuntimeException e) {
      child.close();
      throw e;
    }
  }

  Process process() {
    return process;
  }

  /** Waits until {@code socket} takes a connection. */
  void awaitSocket(Path socket) throws IOException, InterruptedException {
    await("opens " + socket, () -> accepts(socket));
  }

  /** Waits until the process has used {@code nanos} more of its core than it had at the call. */
  void awaitCpu(long nanos) throws IOException, InterruptedException {
    long enough = cpuNanos() + nanos;
    await("does some work", () -> cpuNanos() >= enough);
  }

  /** Waits until the process has printed a line or a part of one. */
  void awaitPrinted(String text) throws IOException, InterruptedException {
    await("prints " + text, () -> printed().contains(text));
  }

  /** Waits until the process has printed so many lines. */
  void awaitPrintedLines(long count) throws IOException, InterruptedException {
    await("prints %d lines".formatted(count), () -> printed().lines().count() >= count);
  }

  /** What it printed so far. */
  String printed() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes a line to its standard input; it may be stopped. */
  void say(String line) throws IOException {
    try {
      OutputStream input = process.getOutputStream();
      input.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      input.flush();
    } catch (IOException e) {
      throw failure("takes no commands: " + e.getMessage());
    }
  }

  /** The next line that it has printed whole; null while there is none and it lives. */
  @Nullable String nextLine() throws IOException {
    boolean alive = process.isAlive(); // first: what it printed before its end is there then
    String text = printed();
    List<String> whole = text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    if (linesTaken < whole.size()) {
      return whole.get(linesTaken++);
    }
    if (!alive) {
      throw failure("ended with " + process.exitValue() + " instead of an answer");
    }
    return null;
  }

  private void await(String what, BooleanSupplier condition)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (!process.isAlive()) {
        throw failure("ended with " + process.exitValue() + " before it " + what);
      }
      if (System.nanoTime() - deadline > 0) {
        throw failure("was waited for " + PATIENCE.toSeconds() + " s until it " + what);
      }
      Thread.sleep(1);
    }
  }

  /** Waits for a normal end and returns what the process printed. */
  String awaitOutput(Duration limit) throws IOException, InterruptedException {
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw failure("did not end within " + limit.toSeconds() + " s");
    }
    if (process.exitValue() != 0) {
      throw failure("ended with " + process.exitValue());
    }
    return Files.readString(output);
  }

  /** CPU time of all threads so far, in steps of 10 ms; 0 when the process is gone. */
  long cpuNanos() {
    try {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      // proc(5): fields 14 and 15; the name in field 2 may hold anything but its last parenthesis.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_NANOS;
    } catch (IOException e) {
      return 0;
    }
  }

  /** CPU time of the threads that live, to the nanosecond: only differences mean anything. */
  long exactCpuNanos() {
    File[] threads = new File("/proc/" + process.pid() + "/task").listFiles();
    long nanos = 0;
    for (File thread : threads == null ? new File[0] : threads) {
      nanos += cpuNanos(thread.toPath());
    }
    return nanos;
  }

  /** Of a thread; 0 when it ended since, and what it used, a compiler's little, is lost. */
  private static long cpuNanos(Path thread) {
    try {
      String schedstat = Files.readString(thread.resolve("schedstat"));
      return Long.parseLong(schedstat.substring(0, schedstat.indexOf(' ')));
    } catch (IOException e) {
      return 0;
    }
  }

  /** Sends SIGSTOP or SIGCONT ("STOP", "CONT"), for which Java has no call. */
  static void signal(String signal, Process process) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-s", signal, Long.toString(process.pid())).start().waitFor();
  }

  /** Ends the process: SIGTERM, and SIGKILL when that is not answered in time. */
  @Override
  public void close() throws IOException {
    Runtime.getRuntime().removeShutdownHook(atExit);
    if (!process.isAlive()) {
      return;
    }
    process.destroy();
    try {
      signal("CONT", process); // a stopped process takes no SIGTERM
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private void kill() {
    process.destroyForcibly();
  }

  /** Says what this process did wrong and shows its last words. */
  IOException failure(String what) throws IOException {
    Path errors = output.resolveSibling(name + ".err");
    List<String> lines = Files.readAllLines(errors);
    String tail = String.join("\n  ", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
    return new IOException(name + " " + what + "; see " + errors + ":\n  " + tail);
  }

  /** Who looks each millisecond is not to take a core's time from who starts: mostly a stat(2). */
  private static boolean accepts(Path socket) {
    if (!Files.exists(socket)) {
      return false;
    }
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException e) {
      return false;
    }
  }
}
