package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the figures were measured on. */
final class Machine {
  private Machine() {}

  /**
   * Processor, kernel, versions, date.
   *
   * @param spdk tree of the SPDK that was measured, null for none
   */
  static Map<String, String> describe(@Nullable Path spdk) throws IOException {
    Map<String, String> about = new LinkedHashMap<>();
    about.put("date", LocalDate.now(ZoneOffset.UTC).toString());
    about.put("commit", firstLine("git", "describe", "--always", "--dirty"));
    about.put("processors", Runtime.getRuntime().availableProcessors() + " x " + processor());
    about.put("memory", memory());
    about.put("kernel", "Linux " + System.getProperty("os.version"));
    about.put("java", Runtime.version().toString());
    about.put("load average", Files.readString(Path.of("/proc/loadavg")).strip());
    about.put(Peers.DAEMON, firstLine(Peers.DAEMON, "--version"));
    about.put("fio", firstLine("fio", "--version"));
    about.put("SPDK", spdk == null ? "absent" : Files.readString(spdk.resolve("VERSION")).strip());
    return about;
  }

  private static String processor() throws IOException {
    return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 2))
        .findFirst()
        .orElse(System.getProperty("os.arch"));
  }

  private static String memory() throws IOException {
    String total = Files.readAllLines(Path.of("/proc/meminfo")).getFirst();
    return (Long.parseLong(total.replaceAll("\\D", "")) >> 20) + " GiB";
  }

  /** What a program says first; "absent" when there is none. */
  private static String firstLine(String... command) {
    try {
      Process process = new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
      try (var reader = process.inputReader(StandardCharsets.UTF_8)) {
        String line = reader.readLine();
        return line == null ? "absent" : line;
      }
    } catch (IOException e) {
      return "absent";
    }
  }
}
