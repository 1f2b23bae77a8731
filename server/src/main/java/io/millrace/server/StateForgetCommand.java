package io.millrace.server;

import io.millrace.rpc.state.StateException;
import io.millrace.rpc.state.StoredConfiguration;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code millrace state forget}: entries that are not wanted at the next start. */
@Command(
    name = "forget",
    description =
        "Drops entries, and what is set on them, from a state directory that no server uses. SCSI"
            + " reservations stay.")
final class StateForgetCommand extends StateDirectoryCommand {
  @Parameters(
      index = "1..*",
      paramLabel = "ID",
      description = "What to drop, as show --ids names it.")
  private List<String> ids = new ArrayList<>();

  @Option(
      names = "--all",
      description = "Drops the whole configuration: the next start reads serve's -c again.")
  private boolean all;

  @Override
  void run(CommandSpec command, Path state, PrintWriter out) throws StateException {
    if (all != ids.isEmpty()) {
      throw new ParameterException(command.commandLine(), "give one ID or more, or --all");
    }
    List<String> dropped =
        all
            ? StoredConfiguration.forgetAll(state)
            : StoredConfiguration.forget(state, new HashSet<>(ids));
    dropped.forEach(id -> out.println("dropped " + id));
  }
}
