package io.millrace.server;

import io.millrace.rpc.state.StateException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A command that looks into a state directory itself, with no server's help. */
abstract class StateDirectoryCommand extends HelpOption implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "DIR", description = "The directory of serve's --state.")
  private Path directory;

  StateDirectoryCommand() {}

  /**
   * Does what the command is for.
   *
   * @param out where what it has to say goes
   * @throws StateException the directory does not allow it
   */
  abstract void run(CommandSpec command, Path state, PrintWriter out) throws StateException;

  @Override
  public final Integer call() throws CommandException {
    PrintWriter out = spec.commandLine().getOut();
    try {
      run(spec, directory, out);
    } catch (StateException e) {
      throw CommandException.misused(e);
    }
    out.flush();
    return 0;
  }
}
