package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
    description =
        "Compares Millrace with qemu-storage-daemon, fio and, where SPDK_DIR names a built SPDK, with"
            + " its vhost. Never fails on a figure.")
public final class Main implements Callable<Integer> {
  @Option(names = "--millrace", required = true, description = "bin/millrace of a distribution.")
  private @Nullable Path millrace;

  @Option(names = "--output", required = true, description = "Folder for image and report.")
  private @Nullable Path output;

  @Option(names = "--rounds", defaultValue = "3", description = "Rounds per comparison.")
  private int rounds;

  @Option(names = "--seconds", defaultValue = "1", description = "Seconds per side and round.")
  private int seconds;

  @Option(
      names = "--only",
      defaultValue = "",
      description =
          "Only what this expression finds in: ring, start, idle, memory, plug, and the names of the cells:"
              + " null..., rings..., file..., disks..., latency..., spdk...")
  private Pattern only = Pattern.compile("");

  private Main() {}

  /** Runs the benchmarks and ends the process. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException, RunnerException {
    Path launcher = existing("--millrace", millrace).toAbsolutePath().normalize();
    Path folder = Files.createDirectories(existing("--output", output)).toRealPath();
    Path work = Files.createTempDirectory("millrace-bench"); // sockets want a short path
    System.out.println("bench: sockets, configurations and outputs of the programs: " + work);
    Peers peers = new Peers(launcher, work);
    Path image = folder.resolve("disk.img");

    List<Figure> figures = new ArrayList<>(ofMillraceAlone(peers));
    Contest.Timing timing = Contest.Timing.of(Duration.ofSeconds(seconds));
    for (Measurement measurement : comparisons(peers, image)) {
      if (wanted(measurement.name())) {
        Images.prepare(image, Peers.DISK_BYTES);
        figures.addAll(measurement.run(work, rounds, timing, System.out));
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

  private List<Figure> ofMillraceAlone(Peers peers)
      throws IOException, InterruptedException, RunnerException {
    List<Figure> figures = new ArrayList<>();
    if (wanted("ring")) {
      figures.addAll(RingCost.measure());
    }
    if (wanted("start")) {
      figures.add(StartTime.measure(peers.millraceNulls("start", 1), peers.work(), 10));
    }
    if (wanted("idle")) {
      figures.add(IdleCost.measure(peers, 16));
    }
    if (wanted("memory")) {
      figures.add(IdleMemory.measure("millrace", peers::millraceNulls, peers.work()));
      figures.add(IdleMemory.measure(Peers.DAEMON, peers::daemonNulls, peers.work()));
    }
    if (wanted("plug")) {
      figures.add(PlugGap.measure(peers));
    }
    return figures;
  }

  private static List<Measurement> comparisons(Peers peers, Path image) throws IOException {
    List<Measurement> all = new ArrayList<>(new Cells(peers, image).all());
    String directory = System.getenv("SPDK_DIR");
    String refusal = Spdk.refusal(directory);
    if (directory != null && refusal == null) {
      Spdk spdk = new Spdk(Path.of(directory).toAbsolutePath(), peers.work());
      all.addAll(new SpdkCells(peers, spdk, image).all());
    } else {
      System.out.println("bench: " + refusal);
    }
    return all;
  }

  private boolean wanted(String name) {
    return only.matcher(name).find();
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
