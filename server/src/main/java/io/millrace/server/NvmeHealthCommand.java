package io.millrace.server;

import io.millrace.nvme.HealthLog;
import io.millrace.nvme.NvmeCommands;
import java.io.PrintWriter;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code millrace nvme health}: the health log; exit code 1 if it warns. */
@Command(
    name = "health",
    description = "Shows a controller's health log. Exit code 1 if it has a critical warning.")
final class NvmeHealthCommand extends HelpOption implements Callable<Integer> {
  private static final int KELVIN = 273;
  private static final BigInteger UNIT_BYTES = BigInteger.valueOf(512_000);

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "ADDRESS", description = "The controller, bound to vfio-pci.")
  private String address;

  @Override
  public Integer call() throws CommandException, InterruptedException {
    HealthLog log;
    try (NvmeSession session = NvmeSession.open(address)) {
      log =
          HealthLog.of(
              session
                  .admin(
                      "health log",
                      NvmeCommands.logPage(
                          NvmeCommands.LOG_HEALTH, NvmeCommands.ALL_NAMESPACES, HealthLog.BYTES))
                  .data());
    }
    PrintWriter out = spec.commandLine().getOut();
    print(out, log);
    out.flush();
    return log.criticalWarning() == 0 ? 0 : CommandException.FAILED;
  }

  static void print(PrintWriter out, HealthLog log) {
    List<String> warnings = log.warnings();
    line(out, "warnings", warnings.isEmpty() ? "none" : String.join(", ", warnings));
    line(out, "temperature", log.temperatureKelvin() - KELVIN + " C");
    line(
        out,
        "spare",
        log.availableSparePercent() + " %, threshold " + log.spareThresholdPercent() + " %");
    line(out, "used", log.usedPercent() + " %");
    line(out, "read", bytes(log.dataUnitsRead()) + " in " + log.hostReads() + " commands");
    line(out, "written", bytes(log.dataUnitsWritten()) + " in " + log.hostWrites() + " commands");
    line(out, "on", log.powerOnHours() + " hours, " + log.powerCycles() + " power cycles");
    line(out, "unsafe shutdowns", log.unsafeShutdowns().toString());
    line(out, "media errors", log.mediaErrors().toString());
    line(out, "errors logged", log.errorLogEntries().toString());
  }

  private static String bytes(BigInteger units) {
    return units.multiply(UNIT_BYTES).shiftRight(20) + " MiB";
  }

  private static void line(PrintWriter out, String what, String value) {
    out.printf(Locale.ROOT, "%-18s%s%n", what, value);
  }
}
