package io.millrace.vm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Somebody else's service that a class of tests needs, run by a script of {@code vm-tests}. The
 * script says one line when the service is ready, and stops it when its standard input ends: that
 * is when this JVM has ended, in whichever way. Not before, as Testcontainers cleans up behind
 * itself at the very end.
 *
 * <p>Exit code 3 means that the service cannot run on this machine. The tests are skipped then, for
 * the reason that the script gave last, and {@code make test} repeats it at its end.
 */
final class Daemon implements BeforeAllCallback {
  private static final int CANNOT_RUN = 3; // the script's exit code

  private final Lab lab;
  private final Path script;
  private String address;

  /** A script by its path in {@code vm-tests}; its log goes into the folder of the class's lab. */
  Daemon(Lab lab, String script) {
    this.lab = lab;
    this.script = Lab.MODULE.resolve(script);
  }

  /** What the script said when the service was ready. */
  String address() {
    return address;
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException, InterruptedException {
    Path log = lab.path(script.getFileName() + ".log");
    Process process = new ProcessBuilder(script.toString()).redirectError(log.toFile()).start();
    address =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
            .readLine();
    if (address == null) {
      String last = Files.readAllLines(log).stream().reduce("", (before, line) -> line);
      Assumptions.assumeFalse(process.waitFor() == CANNOT_RUN, "needs " + last);
      throw new AssertionError(script + " failed: " + last);
    }
  }
}
