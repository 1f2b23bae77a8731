package io.millrace.server;

import io.millrace.rpc.state.StateException;
import io.millrace.rpc.state.StoredConfiguration;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code millrace state forget}: entries that are not wanted at the next start. */
@Command(
    name = "forget",
    description =
        "Drops entries, and what is set on them, from a state directory that no server uses. SCSI"
            + " reservations stay.")
final class StateForgetCommand extends HelpOption implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "DIR", description = "The directory of serve's --state.")
  private Path directory;

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
  public Integer call() throws CommandException {
    if (all != ids.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "give one ID or more, or --all");
    }
    List<String> dropped;
    try {
      dropped =
          all
              ? StoredConfiguration.forgetAll(directory)
              : StoredConfiguration.forget(directory, new HashSet<>(ids));
    } catch (StateException e) {
      throw CommandException.misused(e);
    }
    PrintWriter out = spec.commandLine().getOut();
    dropped.forEach(id -> out.println("dropped " + id));
    out.flush();
    return 0;
  }
}
