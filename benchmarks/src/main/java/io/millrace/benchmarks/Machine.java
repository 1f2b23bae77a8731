package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the figures were measured on. */
final class Machine {
  private Machine() {}

  /** A few lines: processor, kernel, load, versions of the peers. */
  static List<String> describe() throws IOException {
    String model =
        Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
            .filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 2))
            .findFirst()
            .orElse(System.getProperty("os.arch"));
    return List.of(
        "machine: %d x %s, Linux %s, JDK %s"
            .formatted(
                Runtime.getRuntime().availableProcessors(),
                model,
                System.getProperty("os.version"),
                Runtime.version()),
        "load average: " + Files.readString(Path.of("/proc/loadavg")).strip(),
        "peers: %s; %s"
            .formatted(
                firstLine("qemu-storage-daemon", "--version"), firstLine("fio", "--version")));
  }

  private static String firstLine(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var reader = process.inputReader(StandardCharsets.UTF_8)) {
      String line = reader.readLine();
      return line == null ? command[0] : line;
    }
  }
}
