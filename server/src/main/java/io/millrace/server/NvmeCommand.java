package io.millrace.server;

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
}
