package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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

  @Option(
      names = "--all",
      description = "Every comparison there is, some hours, and not only those with a bar.")
  private boolean all;

  @Option(
      names = "--only",
      defaultValue = "",
      description = "Only measurements in whose name this expression is found; --list tells them.")
  private Pattern only = Pattern.compile("");

  @Option(names = "--list", description = "Prints the names of the measurements and ends.")
  private boolean list;

  @Option(
      names = "--rounds",
      defaultValue = "9",
      description = "Rounds per comparison. Default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--seconds",
      defaultValue = "0.5",
      description = "Seconds per side and round, at least. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(
      names = "--minutes",
      defaultValue = "10",
      description = "Minutes of load for the longest safepoint pause. Default: ${DEFAULT-VALUE}.")
  private int minutes;

  @Option(
      names = "--publish",
      description = "Also writes figures and plots to --results, and the page about them.")
  private boolean publish;

  @Option(
      names = "--render",
      paramLabel = "FILE",
      description = "Measures nothing: publishes the figures of a file that was written before.")
  private @Nullable Path render;

  @Option(names = "--results", required = true, description = "Folder for what is published.")
  private @Nullable Path results;

  @Option(names = "--page", required = true, description = "The page that is published.")
  private @Nullable Path page;

  private Main() {}

  /** Runs the benchmarks and ends the process. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Publisher publisher = new Publisher(existing("--results", results), existing("--page", page));
    if (render != null) {
      publisher.publish(Results.read(render));
      return 0;
    }
    Path launcher = existing("--millrace", millrace).toAbsolutePath().normalize();
    Path folder = Files.createDirectories(existing("--output", output)).toRealPath();
    Path work = Files.createTempDirectory("millrace-bench"); // sockets want a short path
    Peers peers = new Peers(launcher, work);
    Path image = folder.resolve("disk.img");
    Path directImage = folder.resolve("direct.img");
    Spdk spdk = spdk(work);
    List<Measurement> wanted =
        Program.of(new Sides(peers, image, directImage), spdk, all, Duration.ofMinutes(minutes))
            .stream()
            .filter(measurement -> only.matcher(measurement.name()).find())
            .toList();
    if (list) {
      wanted.forEach(measurement -> System.out.println(measurement.name()));
      delete(work);
      return 0;
    }
    System.out.println("bench: sockets, configurations and outputs of the programs: " + work);
    Duration own = Duration.ofNanos((long) (seconds * 1e9));
    Path json = folder.resolve("bench.json");
    Map<String, String> machine = Machine.describe(spdk == null ? null : spdk.directory());
    CoreDistance distance = new CoreDistance();
    machine.put("its two cores", distance.look());
    Results found = results(machine, List.of());
    List<Figure> figures = new ArrayList<>();
    try (Stage stage = new Stage(work, rounds, own, line -> System.out.println(line))) {
      for (Measurement measurement : wanted) {
        Images.prepare(image, Peers.DISK_BYTES);
        Images.prepare(directImage, Peers.DISK_BYTES);
        figures.addAll(figures(measurement, stage));
        machine.put("its two cores", distance.look());
        found = results(machine, figures);
        found.write(json); // of what takes hours, whoever ends it early keeps the most
      }
    }
    TextReport.print(found, System.out);
    System.out.println("\nbench: the same as JSON: " + json);
    if (publish) {
      publisher.publish(found);
    }
    delete(work);
    return 0;
  }

  private static Results results(Map<String, String> machine, List<Figure> figures) {
    return new Results(machine, Program.notes(figures), Headroom.remarked(figures));
  }

  /** What a measurement gives; one that fails is a figure that says so, and the others go on. */
  private static List<Figure> figures(Measurement measurement, Stage stage)
      throws InterruptedException, IOException {
    try {
      return measurement.run(stage);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      stage.close();
      String reason = e.getMessage() == null ? e.toString() : e.getMessage();
      System.out.println(measurement.name() + ": " + reason);
      return List.of(Figure.refused(measurement.name(), null, reason));
    }
  }

  private static @Nullable Spdk spdk(Path work) throws IOException {
    String directory = System.getenv("SPDK_DIR");
    String refusal = Spdk.refusal(directory);
    if (directory != null && refusal == null) {
      return new Spdk(Path.of(directory).toAbsolutePath(), work);
    }
    System.out.println("bench: " + refusal);
    return null;
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
