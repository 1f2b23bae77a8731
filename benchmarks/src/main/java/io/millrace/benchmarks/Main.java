package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.runner.RunnerException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code make bench}: Millrace beside its peers, one core each side. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Compares Millrace with qemu-storage-daemon and fio. Never fails on a figure.")
public final class Main implements Callable<Integer> {
  @Option(names = "--millrace", required = true, description = "bin/millrace of a distribution.")
  private @Nullable Path millrace;

  @Option(names = "--output", required = true, description = "Folder for image and report.")
  private @Nullable Path output;

  @Option(names = "--rounds", defaultValue = "5", description = "Rounds per comparison.")
  private int rounds;

  @Option(names = "--seconds", defaultValue = "2", description = "Seconds per side and round.")
  private int seconds;

  @Option(
      names = "--only",
      defaultValue = "",
      description = "Only what this expression finds in: ring, start, idle, null..., file...")
  private Pattern only = Pattern.compile("");

  private Main() {}

  /** Runs the benchmarks and ends the process. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException, RunnerException {
    Path launcher = existing("--millrace", millrace).toRealPath();
    Path folder = Files.createDirectories(existing("--output", output)).toRealPath();
    Path work = Files.createTempDirectory("millrace-bench"); // sockets want a short path
    System.out.println("bench: sockets, configurations and outputs of the programs: " + work);
    Peers peers = new Peers(launcher, work);

    Path image = folder.resolve("disk.img");
    List<Figure> figures = new ArrayList<>();
    if (wanted("ring")) {
      figures.addAll(RingCost.measure());
    }
    if (wanted("start")) {
      figures.add(StartTime.measure(peers.millraceNulls("start", 1), work, 10));
    }
    if (wanted("idle")) {
      figures.add(IdleCost.measure(peers, 16));
    }
    Contest.Timing timing = new Contest.Timing(3, 2, seconds);
    for (Cell cell : cells(peers, image)) {
      if (wanted(cell.name())) {
        Images.fill(image, Peers.DISK_BYTES);
        figures.addAll(cell.run(work, rounds, timing, System.out));
      }
    }

    Report report = new Report(Machine.describe(), figures);
    report.print(System.out);
    Path json = folder.resolve("bench.json");
    report.write(json);
    System.out.println("\nbench: the same as JSON: " + json);
    delete(work);
    return 0;
  }

  private boolean wanted(String name) {
    return only.matcher(name).find();
  }

  private static List<Cell> cells(Peers peers, Path image) {
    Figure.Bar control = Figure.Bar.within(0.95, 1.05, "1.00 +- 0.05 (control)");
    Figure.Bar fio = Figure.Bar.atLeast(0.9, ">= 0.9");
    List<Cell> cells = new ArrayList<>();
    cells.add(
        new Cell(
            "null, 4 KiB randread, depth 32",
            List.of(
                peers.millraceNull("millrace", 32),
                peers.millraceNull("millrace-again", 32),
                peers.daemonNull("qemu-storage-daemon", 32)),
            List.of(
                new Cell.Comparison(0, 2, Figure.Bar.atLeast(3, ">= 3 (aim 6)")),
                new Cell.Comparison(0, 1, control))));
    cells.add(
        new Cell(
            "null, 4 KiB randread, depth 1",
            List.of(peers.millraceNull("millrace", 1), peers.daemonNull("qemu-storage-daemon", 1)),
            List.of(new Cell.Comparison(0, 1, Figure.Bar.atLeast(1, ">= 1")))));
    for (boolean direct : new boolean[] {false, true}) {
      cells.add(
          new Cell(
              "file %s, 4 KiB randread, depth 32".formatted(direct ? "O_DIRECT" : "buffered"),
              List.of(
                  peers.millraceFile("millrace", image, direct, 32),
                  Peers.fioFile("fio-io_uring", image, direct, 32),
                  peers.daemonFile("qemu-storage-daemon", image, direct, 32)),
              List.of(new Cell.Comparison(0, 1, fio), new Cell.Comparison(0, 2, null))));
    }
    return cells;
  }

  private static Path existing(String option, @Nullable Path value) {
    if (value == null) {
      throw new IllegalStateException(option + " is required, picocli checked it");
    }
    return value;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
