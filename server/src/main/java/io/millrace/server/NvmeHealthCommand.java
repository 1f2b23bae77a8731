package io.millrace.server;

import io.millrace.nvme.HealthLog;
import io.millrace.nvme.NvmeCommands;
import java.io.PrintWriter;
import java.math.BigInteger;
import java.util.List;
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
    NvmeCommand.line(out, "warnings", warnings.isEmpty() ? "none" : String.join(", ", warnings));
    NvmeCommand.line(out, "temperature", log.temperatureKelvin() - KELVIN + " C");
    NvmeCommand.line(
        out,
        "spare",
        log.availableSparePercent() + " %, threshold " + log.spareThresholdPercent() + " %");
    NvmeCommand.line(out, "used", log.usedPercent() + " %");
    NvmeCommand.line(
        out, "read", bytes(log.dataUnitsRead()) + " in " + log.hostReads() + " commands");
    NvmeCommand.line(
        out, "written", bytes(log.dataUnitsWritten()) + " in " + log.hostWrites() + " commands");
    NvmeCommand.line(
        out, "on", log.powerOnHours() + " hours, " + log.powerCycles() + " power cycles");
    NvmeCommand.line(out, "unsafe shutdowns", log.unsafeShutdowns().toString());
    NvmeCommand.line(out, "media errors", log.mediaErrors().toString());
    NvmeCommand.line(out, "errors logged", log.errorLogEntries().toString());
  }

  private static String bytes(BigInteger units) {
    return units.multiply(UNIT_BYTES).shiftRight(20) + " MiB";
  }
}
