package io.millrace.server;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code millrace state}: what a state directory has, without a server. */
@Command(
    name = "state",
    description = "Shows the configuration in a state directory, and drops from it.",
    subcommands = {StateShowCommand.class, StateForgetCommand.class},
    footer = {
      "",
      "Examples:",
      "  millrace state show /var/lib/millrace",
      "  millrace state forget /var/lib/millrace bdev/Aio0"
    })
final class StateCommand extends HelpOption implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "which command? show or forget");
  }
}
