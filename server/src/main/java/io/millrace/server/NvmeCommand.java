package io.millrace.server;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code millrace nvme}: the NVMe drives of this machine, and who drives them. */
@Command(
    name = "nvme",
    description = "Shows the NVMe drives of this machine, and takes and gives back whole ones.",
    subcommands = {
      NvmeListCommand.class,
      NvmeIdCommand.class,
      NvmeHealthCommand.class,
      NvmeBindCommand.class,
      NvmeUnbindCommand.class,
    },
    footer = {
      "",
      "Examples:",
      "  millrace nvme list",
      "  millrace nvme bind 0000:01:00.0",
      "  millrace nvme id 0000:01:00.0",
      "  millrace nvme unbind 0000:01:00.0"
    })
final class NvmeCommand extends HelpOption implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(
        spec.commandLine(), "which command? list, id, health, bind or unbind");
  }

  /** A line of what a controller says: the values one below the other. */
  static void line(PrintWriter out, String what, String value) {
    out.printf(Locale.ROOT, "%-18s%s%n", what, value);
  }
}
