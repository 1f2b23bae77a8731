package io.millrace.server;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.perf.FioUnits;
import io.millrace.initiator.perf.JobResult;
import io.millrace.initiator.perf.PerfOptions;
import io.millrace.initiator.perf.PerfReport;
import io.millrace.initiator.perf.PerfResult;
import io.millrace.initiator.perf.PerfRun;
import io.millrace.initiator.perf.PerfTarget;
import io.millrace.initiator.perf.VerifyFailure;
import io.millrace.initiator.perf.VerifyResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code millrace perf}: the load generator of module initiator on the command line. */
@Command(
    name = "perf",
    description = "Loads a disk as fio does, and proves what it holds.",
    sortOptions = false,
    footer = {
      "",
      "Options that fio has are fio's, in name and meaning. Sizes take k, m, g, t, p (1024) and",
      "ki, mi, gi, ti, pi (1000), or 20%% of the disk; times us, ms, s, m, h, d (seconds without).",
      "",
      "Examples:",
      "  millrace perf --socket vm0.sock --rw=randread --iodepth=32 --runtime=10 --time_based",
      "  millrace perf --socket vm1.sock --lun 0 --rw=randread --iodepth=32 --size=64m",
      "  millrace perf --bdev disk.img --rw=randwrite --verify --verify-state=disk.state",
      "  millrace perf --bdev malloc:1g --rw=randrw --rwmixread=70 --output-format=json"
    })
final class PerfCommand extends HelpOption implements Callable<Integer> {
  private static final Pattern LUN = Pattern.compile("(\\d{1,5})(?::(\\d{1,5}))?");
  private static final int MAX_TARGET = 255;
  private static final int MAX_LUN = 16383;

  /** Values of {@code --output-format}. */
  enum Format {
    NORMAL,
    JSON;

    /** As a user writes it, for help and completion. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Spec private CommandSpec spec;

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      description = "Loads the disk of a vhost-user-blk socket, of whichever back-end.")
  private @Nullable Path socket;

  @Option(
      names = "--lun",
      paramLabel = "TARGET[:LUN]",
      description = "The socket of --socket is a vhost-user-scsi one: loads this logical unit.")
  private @Nullable String lun;

  @Option(
      names = "--bdev",
      paramLabel = "BDEV",
      description =
          "Loads a bdev made in this process: malloc:SIZE, null:SIZE, pcie:ADDRESS (an NVMe"
              + " controller bound to vfio-pci), or the path of an image or block device.")
  private @Nullable String bdev;

  @Option(
      names = "--direct",
      defaultValue = "0",
      paramLabel = "BOOL",
      description = "Opens the file of --bdev past the page cache (O_DIRECT). Default: 0.")
  private String direct;

  @Mixin private final PerfLoadOptions load = new PerfLoadOptions();

  @Mixin private final PerfVerifyOptions verify = new PerfVerifyOptions();

  @Option(
      names = "--group_reporting",
      arity = "0..1",
      defaultValue = "0",
      fallbackValue = "1",
      paramLabel = "BOOL",
      description = "Reports all jobs as one.")
  private String groupReporting;

  @Option(
      names = "--output-format",
      paramLabel = "FORMAT",
      defaultValue = "normal",
      description = "normal, or json for fio's JSON. Default: ${DEFAULT-VALUE}.")
  private Format format;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Writes the report there. Default: standard output.")
  private @Nullable Path output;

  @Option(
      names = "--eta",
      paramLabel = "WHEN",
      defaultValue = "auto",
      description =
          "Shows on standard error how far it is: always, never, or auto when that is a terminal."
              + " Default: ${DEFAULT-VALUE}.")
  private ProgressLine.When eta;

  @Override
  public Integer call() throws CommandException, InterruptedException {
    PerfRun run = new PerfRun(target(), options());
    checkOutput();
    ProgressLine progress = ProgressLine.on(spec.commandLine().getErr(), eta);
    run.watch(progress);
    StopSignals.install(run::stop);
    PerfResult result;
    try {
      result = run.run();
    } catch (InitiatorException e) {
      throw switch (e.kind()) {
        case UNREACHABLE, UNSUPPORTED -> CommandException.misused(e);
        case CLOSED, REFUSED, PROTOCOL -> CommandException.failed(e);
      };
    } finally {
      progress.clear();
    }
    report(result);
    return result.succeeded() ? 0 : CommandException.FAILED;
  }

  private void report(PerfResult result) throws CommandException {
    String text =
        switch (format) {
          case NORMAL -> PerfReport.text(result);
          case JSON -> PerfReport.json(result, VersionCommand.version()) + System.lineSeparator();
        };
    if (output == null) {
      PrintWriter out = spec.commandLine().getOut();
      out.print(text);
      out.flush();
    } else {
      try {
        Files.writeString(output, text);
      } catch (IOException e) {
        throw CommandException.failed("--output " + output + " cannot be written: " + e);
      }
    }
    int number = 0;
    for (JobResult job : result.jobs()) {
      if (job.error() != 0) {
        complain("job " + number + ": " + job.message());
      }
      VerifyResult proved = job.verify();
      if (proved != null) {
        for (VerifyFailure failure : proved.failures()) {
          complain(failure.toString());
        }
      }
      number++;
    }
  }

  private void complain(String line) {
    spec.commandLine().getErr().println("millrace perf: " + line);
  }

  private PerfTarget target() {
    if ((socket == null) == (bdev == null)) {
      throw wrong("what to load? give either --socket PATH or --bdev BDEV");
    }
    boolean past = bool("--direct", direct);
    if (socket != null) {
      if (past) {
        throw wrong("--direct goes with --bdev; how a server opens its file is for the server");
      }
      return lun == null
          ? PerfTarget.socket(socket, FrontendOptions.defaults())
          : logicalUnit(socket, lun);
    }
    if (lun != null) {
      throw wrong("--lun goes with --socket");
    }
    if (load.ofQueues()) {
      throw wrong("--queue-size and --indirect go with --socket; a bdev has no virtqueues");
    }
    String text = String.valueOf(bdev);
    try {
      if (text.startsWith(PcieBdev.PREFIX)) {
        return PerfTarget.bdev(text, PcieBdev.parse(text));
      }
      return PerfTarget.bdev(text, past);
    } catch (IllegalArgumentException e) {
      throw wrong(e.getMessage());
    }
  }

  private PerfTarget logicalUnit(Path path, String text) {
    Matcher numbers = LUN.matcher(text);
    int target = numbers.matches() ? Integer.parseInt(numbers.group(1)) : -1;
    int unit = target < 0 || numbers.group(2) == null ? 0 : Integer.parseInt(numbers.group(2));
    if (target < 0 || target > MAX_TARGET || unit > MAX_LUN) {
      throw wrong(
          "--lun %s is none; write TARGET[:LUN], 0 to %d and 0 to %d"
              .formatted(text, MAX_TARGET, MAX_LUN));
    }
    return PerfTarget.scsi(path, FrontendOptions.defaults(), target, unit);
  }

  private PerfOptions options() {
    try {
      return load.options(verify.options(), bool("--group_reporting", groupReporting));
    } catch (IllegalArgumentException e) {
      throw wrong(e.getMessage());
    }
  }

  /** Before the run, not when its result is about to be lost. */
  private void checkOutput() throws CommandException {
    Path file = output;
    if (file != null) {
      Path folder = file.toAbsolutePath().getParent();
      if (folder == null || !Files.isDirectory(folder) || Files.isDirectory(file)) {
        throw CommandException.misused("--output " + file + " cannot be made there");
      }
    }
  }

  private boolean bool(String option, String value) {
    try {
      return FioUnits.bool(value);
    } catch (IllegalArgumentException e) {
      throw wrong(option + ": " + e.getMessage());
    }
  }

  private ParameterException wrong(@Nullable String message) {
    return new ParameterException(spec.commandLine(), String.valueOf(message));
  }
}
