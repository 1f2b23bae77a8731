package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A command in a pseudo terminal of 80x24, by script(1), which gives it what is typed here. */
final class Terminal implements AutoCloseable {
  private static final long DEADLINE_SECONDS = 60;
  private static final String TTY = "/dev/pts/";

  private final Process process;

  @SuppressWarnings("JdkObsolete") // one thread reads the terminal, the test looks
  private final StringBuffer shown = new StringBuffer();

  private final String device;

  private Terminal(Process process) throws Exception {
    this.process = process;
    Thread.ofPlatform().daemon().start(this::collect);
    await(TTY);
    await("\n");
    this.device = shown.toString().lines().filter(line -> line.startsWith(TTY)).findFirst().get();
  }

  static Terminal run(Path folder, List<String> command) throws Exception {
    String line = command.stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
    ProcessBuilder builder =
        new ProcessBuilder(
            "script", "-qefc", "tty; stty cols 80 rows 24; exec " + line, "/dev/null");
    builder.environment().put("TERM", "xterm");
    builder.environment().put("SHELL", "/bin/sh");
    return new Terminal(builder.directory(folder.toFile()).redirectErrorStream(true).start());
  }

  private void collect() {
    byte[] part = new byte[4096];
    try (InputStream from = process.getInputStream()) {
      for (int n = from.read(part); n >= 0; n = from.read(part)) {
        shown.append(new String(part, 0, n, UTF_8));
      }
    } catch (IOException e) {
      shown.append(e); // where a test that fails shows it
    }
  }

  void type(String keys) throws IOException {
    process.getOutputStream().write(keys.getBytes(UTF_8));
    process.getOutputStream().flush();
  }

  /** Forgets what was shown. */
  void forget() {
    shown.setLength(0);
  }

  /** Gives it another size, as a window does; the program draws all of it again. */
  void resize(int columns, int rows) throws Exception {
    forget();
    String[] stty = {"stty", "-F", device, "cols", "" + columns, "rows", "" + rows};
    assertThat(new ProcessBuilder(stty).inheritIO().start().waitFor()).isZero();
  }

  /** Waits for words on the screen; returns all that was shown since it was forgotten. */
  String await(String words) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
    while (shown.indexOf(words) < 0) {
      assertThat(System.nanoTime()).as("%s in %s", words, shown).isLessThan(deadline);
      Thread.onSpinWait();
    }
    return shown.toString();
  }

  int exitCode() throws Exception {
    assertThat(process.waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)).as("%s", shown).isTrue();
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
