package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A command of Millrace's as a process of its own, in a folder, its stderr in {@code log}. */
public final class ServerProcess implements AutoCloseable {
  private static final long DEADLINE_SECONDS = 60;

  /** The distribution's program, where there is one and thousands of starts are to be quick. */
  private static final @Nullable String DISTRIBUTION = System.getProperty("millrace.program");

  private final Process process;
  private final BufferedReader out;
  private final Path log;

  private ServerProcess(Process process, Path log) {
    this.process = process;
    this.out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    this.log = log;
  }

  /**
   * Starts it.
   *
   * @param launcher words before the program, which execute it; may be none
   */
  static ServerProcess start(Path folder, List<String> launcher, String... arguments)
      throws IOException {
    Path log = Files.createTempFile(folder.getParent(), "millrace", ".log");
    Process process =
        new ProcessBuilder(command(launcher, List.of(arguments)))
            .directory(folder.toFile())
            .redirectError(log.toFile())
            .start();
    return new ServerProcess(process, log);
  }

  /** The command line of a command of Millrace's, from the classes under test. */
  public static List<String> command(List<String> launcher, List<String> arguments) {
    List<String> command = new ArrayList<>(launcher);
    command.addAll(DISTRIBUTION == null ? program() : List.of(DISTRIBUTION));
    command.addAll(arguments);
    return command;
  }

  private static List<String> program() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-Xmx512m",
        "--enable-native-access=ALL-UNNAMED",
        "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        "io.millrace.server.Main");
  }

  /** Its next line on stdout, or null at its end: which is now if it says nothing for too long. */
  String line() throws IOException {
    CompletableFuture<?> end =
        CompletableFuture.runAsync(
            process::destroyForcibly,
            CompletableFuture.delayedExecutor(DEADLINE_SECONDS, TimeUnit.SECONDS));
    try {
      return out.readLine(); // which no interrupt ends, and so no timeout of a test
    } finally {
      end.cancel(false);
    }
  }

  long pid() {
    return process.pid();
  }

  /** Asks it to end. */
  void terminate() throws Exception {
    new ProcessBuilder("kill", "-TERM", Long.toString(process.pid())).start().waitFor();
  }

  /** Waits for its end. */
  int exitCode() throws Exception {
    if (!process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("the process did not end; it said: " + log());
    }
    return process.exitValue();
  }

  /** What it said on stderr. */
  String log() throws IOException {
    return Files.readString(log);
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
    Files.deleteIfExists(log);
  }
}
