package io.millrace.server;

import io.millrace.initiator.perf.FioUnits;
import io.millrace.initiator.perf.PerfOptions;
import io.millrace.initiator.perf.ReadWrite;
import io.millrace.initiator.perf.VerifyOptions;
import java.util.Arrays;
import java.util.Iterator;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** Options of {@code millrace perf} that say what the load is, in fio's words. */
final class PerfLoadOptions {
  /** What {@code --rw} takes. */
  static final class Kinds implements Iterable<String> {
    Kinds() {}

    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(ReadWrite.values()).map(ReadWrite::word).iterator();
    }
  }

  @Option(
      names = "--name",
      paramLabel = "NAME",
      defaultValue = "perf",
      description = "Name of the job in the report. Default: ${DEFAULT-VALUE}.")
  private String name;

  @Option(
      names = {"--rw", "--readwrite"},
      paramLabel = "KIND",
      defaultValue = "read",
      completionCandidates = Kinds.class,
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private String rw;

  @Option(
      names = {"--bs", "--blocksize"},
      paramLabel = "SIZE",
      defaultValue = "4k",
      description = "Bytes of a request. Default: ${DEFAULT-VALUE}.")
  private String blockSize;

  @Option(
      names = "--iodepth",
      defaultValue = "1",
      paramLabel = "N",
      description = "Requests at once of each job. Default: ${DEFAULT-VALUE}.")
  private int ioDepth;

  @Option(
      names = "--numjobs",
      defaultValue = "1",
      paramLabel = "N",
      description = "Jobs: a queue and a thread each. Default: ${DEFAULT-VALUE}.")
  private int numJobs;

  @Option(
      names = "--size",
      defaultValue = "0",
      paramLabel = "SIZE",
      description = "Part of the disk to use, moved once by each job. Default: all of it.")
  private String size;

  @Option(
      names = "--offset",
      defaultValue = "0",
      paramLabel = "SIZE",
      description = "Where that part begins. Default: 0.")
  private String offset;

  @Option(
      names = "--offset_increment",
      defaultValue = "0",
      paramLabel = "SIZE",
      description = "How much later it begins for each further job. Default: 0.")
  private String offsetIncrement;

  @Option(
      names = "--runtime",
      defaultValue = "0",
      paramLabel = "TIME",
      description = "Longest to run. Default: no limit.")
  private String runtime;

  @Option(
      names = {"--time_based", "--time-based"},
      arity = "0..1",
      defaultValue = "0",
      fallbackValue = "1",
      paramLabel = "BOOL",
      description = "Runs for the whole --runtime, however often --size is moved.")
  private String timeBased;

  @Option(
      names = {"--ramp_time", "--ramp-time"},
      defaultValue = "0",
      paramLabel = "TIME",
      description = "Runs so long before it measures. Default: 0.")
  private String rampTime;

  @Option(
      names = "--rwmixread",
      defaultValue = "50",
      paramLabel = "PERCENT",
      description = "Share of reads of rw and randrw. Default: ${DEFAULT-VALUE}.")
  private int readPercent;

  @Option(
      names = "--norandommap",
      arity = "0..1",
      defaultValue = "0",
      fallbackValue = "1",
      paramLabel = "BOOL",
      description = "Random offsets without seeing to it that each block has its turn.")
  private String noRandomMap;

  @Option(
      names = "--rate_iops",
      defaultValue = "0",
      paramLabel = "N",
      description = "Most requests a second of each job in each direction. Default: 0, no limit.")
  private int rateIops;

  @Option(
      names = "--fsync",
      defaultValue = "0",
      paramLabel = "N",
      description = "Flushes after every N writes. Default: 0, never.")
  private int fsync;

  @Option(
      names = {"--cpus_allowed", "--cpus-allowed"},
      defaultValue = "",
      paramLabel = "LIST",
      description = "Processors for the jobs, such as 0-2,5, one each in turn. Default: any.")
  private String cpus;

  @Option(
      names = "--queue-size",
      defaultValue = "0",
      paramLabel = "N",
      description = "Descriptors of a virtqueue. Default: what the depth needs.")
  private int queueSize;

  @Option(
      names = "--indirect",
      description = "Requests use indirect tables; with --packed they do anyway.")
  private boolean indirect;

  @Option(names = "--packed", description = "Queues have the packed format.")
  private boolean packed;

  PerfLoadOptions() {}

  /** Whether an option was given that only a virtqueue has. */
  boolean ofQueues() {
    return queueSize != 0 || indirect || packed;
  }

  /**
   * All of them, checked.
   *
   * @throws IllegalArgumentException in one line that names the option
   */
  PerfOptions options(VerifyOptions verify, boolean groupReporting) {
    PerfOptions.Builder to = new PerfOptions.Builder();
    to.name = name;
    to.rw =
        ReadWrite.of(rw)
            .orElseThrow(() ->
                new IllegalArgumentException("--rw=" + rw + " is not known; it is " + kinds()));
    long block = of("--bs", () -> FioUnits.size(blockSize));
    to.blockBytes = (int) Math.min(Integer.MAX_VALUE, block);
    to.ioDepth = ioDepth;
    to.numJobs = numJobs;
    to.size = of("--size", () -> FioUnits.amount(size));
    to.offset = of("--offset", () -> FioUnits.amount(offset));
    to.offsetIncrement = of("--offset_increment", () -> FioUnits.amount(offsetIncrement));
    to.runtime = of("--runtime", () -> FioUnits.time(runtime));
    to.timeBased = of("--time_based", () -> FioUnits.bool(timeBased));
    to.rampTime = of("--ramp_time", () -> FioUnits.time(rampTime));
    to.readPercent = readPercent;
    to.randomMap = !of("--norandommap", () -> FioUnits.bool(noRandomMap));
    to.rateIops = rateIops;
    to.fsync = fsync;
    if (!cpus.isEmpty()) {
      to.cpusAllowed = of("--cpus_allowed", () -> FioUnits.cpus(cpus));
    }
    to.queueSize = queueSize;
    to.indirect = indirect;
    to.packed = packed;
    to.groupReporting = groupReporting;
    to.verify = verify;
    return to.build();
  }

  private static String kinds() {
    return Arrays.stream(ReadWrite.values()).map(ReadWrite::word).collect(Collectors.joining(", "));
  }

  /** What a parser makes of an option; its complaint gets the option's name. */
  static <T> T of(String option, Supplier<T> parser) {
    try {
      return parser.get();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
    }
  }
}
