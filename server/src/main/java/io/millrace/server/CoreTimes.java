package io.millrace.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What the kernel counts of each core, for SPDK's tools. Control thread. */
final class CoreTimes {
  private static final Path STAT = Path.of("/proc/stat");
  private static final Path CORES = Path.of("/sys/devices/system/cpu");
  private static final int USER = 1; // fields of a line of proc_stat(5), the core's name first
  private static final int SYSTEM = 3;
  private static final int IRQ = 6;
  private static final int SOFT_IRQ = 7;

  /** Ticks of 10 ms, since this was made. */
  record Times(long user, long system, long irq) {
    static final Times NONE = new Times(0, 0, 0);

    Times since(Times earlier) {
      return new Times(user - earlier.user, system - earlier.system, irq - earlier.irq);
    }
  }

  private final Map<String, Times> first = all();

  /** What a core did; nothing where the kernel does not say. */
  Times of(int core) {
    String name = "cpu" + core;
    return all().getOrDefault(name, Times.NONE).since(first.getOrDefault(name, Times.NONE));
  }

  private static Map<String, Times> all() {
    Map<String, Times> all = new HashMap<>();
    try {
      for (String line : Files.readAllLines(STAT)) {
        String[] fields = line.split(" ", -1);
        if (line.startsWith("cpu") && !fields[0].equals("cpu") && fields.length > SOFT_IRQ) {
          all.put(
              fields[0],
              new Times(
                  Long.parseLong(fields[USER]),
                  Long.parseLong(fields[SYSTEM]),
                  Long.parseLong(fields[IRQ]) + Long.parseLong(fields[SOFT_IRQ])));
        }
      }
    } catch (IOException | NumberFormatException e) {
      return Map.of(); // there is no /proc here, or another kernel's: nobody needs it to serve
    }
    return all;
  }

  /** The NUMA node of a core; 0 where there are none. */
  static int node(int core) {
    try (Stream<Path> links = Files.list(CORES.resolve("cpu" + core))) {
      List<String> nodes =
          links
              .map(link -> link.getFileName().toString())
              .filter(name -> name.matches("node\\d{1,6}"))
              .toList();
      return nodes.isEmpty() ? 0 : Integer.parseInt(nodes.getFirst().substring("node".length()));
    } catch (IOException e) {
      return 0;
    }
  }
}
