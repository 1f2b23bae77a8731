package io.millrace.server;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.perf.FioUnits;
import io.millrace.initiator.perf.PerfOptions;
import io.millrace.initiator.perf.PerfReport;
import io.millrace.initiator.perf.PerfResult;
import io.millrace.initiator.perf.PerfRun;
import io.millrace.initiator.perf.ReadWrite;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code millrace perf}: the load generator of module initiator on the command line. */
@Command(
    name = "perf",
    description = "Loads a vhost-user-blk socket, of whichever back-end, as fio loads a disk.",
    footer = {
      "",
      "Sizes take k, m, g, t; times us, ms, s, m, h, d (seconds without).",
      "",
      "Example:",
      "  millrace perf --socket vm0.sock --rw=randread --bs=4k --iodepth=32 --runtime=10"
          + " --time_based"
    })
final class PerfCommand extends HelpOption implements Callable<Integer> {
  /** Values of {@code --output-format}. */
  enum Format {
    NORMAL,
    JSON
  }

  @Spec private CommandSpec spec;

  @Option(names = "--socket", required = true, paramLabel = "PATH", description = "What to load.")
  private Path socket;

  @Option(names = "--name", defaultValue = "perf", description = "Name of the job in the result.")
  private String name;

  @Option(
      names = "--rw",
      paramLabel = "KIND",
      defaultValue = "read",
      description = "read, write, randread, randwrite, rw or randrw. Default: ${DEFAULT-VALUE}.")
  private String rw;

  @Option(
      names = "--bs",
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
      names = "--runtime",
      defaultValue = "0",
      paramLabel = "TIME",
      description = "Longest to run. Default: no limit.")
  private String runtime;

  @Option(
      names = {"--time_based", "--time-based"},
      description = "Runs for the whole --runtime, however often --size is moved.")
  private boolean timeBased;

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
      names = {"--cpus_allowed", "--cpus-allowed"},
      defaultValue = "",
      paramLabel = "LIST",
      description = "Processors for the jobs, such as 0-2,5. Default: any.")
  private String cpus;

  @Option(
      names = "--queue-size",
      defaultValue = "0",
      paramLabel = "N",
      description = "Descriptors of a queue. Default: what the depth needs.")
  private int queueSize;

  @Option(names = "--indirect", description = "Requests use indirect tables.")
  private boolean indirect;

  @Option(
      names = "--output-format",
      paramLabel = "FORMAT",
      defaultValue = "normal",
      description = "normal, or json for fio's JSON. Default: ${DEFAULT-VALUE}.")
  private Format format;

  @Override
  public Integer call() throws CommandException, InterruptedException {
    PerfRun run = new PerfRun(socket, options(), FrontendOptions.defaults());
    StopSignals.install(run::stop);
    PerfResult result;
    try {
      result = run.run();
    } catch (InitiatorException e) {
      throw switch (e.kind()) {
        case UNREACHABLE, UNSUPPORTED -> CommandException.misused(e);
        case CLOSED, REFUSED, PROTOCOL -> CommandException.failed(e);
      };
    }
    PrintWriter out = spec.commandLine().getOut();
    switch (format) {
      case NORMAL -> out.print(PerfReport.text(result));
      case JSON -> out.println(PerfReport.json(result, VersionCommand.version()));
    }
    out.flush();
    return result.succeeded() ? 0 : CommandException.FAILED;
  }

  private PerfOptions options() {
    try {
      return new PerfOptions(
          name,
          ReadWrite.of(rw)
              .orElseThrow(() -> new IllegalArgumentException("--rw=" + rw + " is not known")),
          Math.toIntExact(Math.min(Integer.MAX_VALUE, FioUnits.size(blockSize))),
          ioDepth,
          numJobs,
          FioUnits.size(size),
          FioUnits.time(runtime),
          FioUnits.time(rampTime),
          timeBased,
          readPercent,
          cpus.isEmpty() ? new java.util.BitSet() : FioUnits.cpus(cpus),
          queueSize,
          indirect);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
  }
}
