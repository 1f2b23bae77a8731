package io.millrace.server;

import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code millrace}. */
@Command(
    name = "millrace",
    description = "Serves virtual disks to QEMU guests over vhost-user.",
    footer = {
      "",
      "Exit codes: 0 done; 1 it failed while it ran; 2 command line, configuration, image or"
          + " socket is wrong.",
      "millrace COMMAND --help tells more."
    })
public final class Main extends HelpOption implements Runnable {
  @Spec private CommandSpec spec;

  private Main() {}

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] args) {
    Charset charset = Charset.defaultCharset();
    System.exit(
        run(
            args,
            new PrintWriter(System.out, true, charset),
            new PrintWriter(System.err, true, charset)));
  }

  /**
   * Runs one command; returns its exit code. The model of most is made by reflection, which takes
   * its time: only the one asked for is made.
   */
  static int run(String[] args, PrintWriter out, PrintWriter err) {
    if (BlkCommand.asksForCapabilities(args)) {
      out.println(BlkCommand.CAPABILITIES);
      return 0;
    }
    Callable<Integer> command = args.length == 0 ? null : command(args);
    if (command == null) {
      return prepared(commands(), out, err).execute(args);
    }
    return prepared(line(command), out, err)
        .setCommandName("millrace " + args[0])
        .execute(Arrays.copyOfRange(args, 1, args.length));
  }

  private static @Nullable Callable<Integer> command(String[] args) {
    return switch (args[0]) {
      case "serve" -> {
        Logging.levelFrom(args);
        yield new ServeCommand(
            Preload.begin(ServeCommand.rehearses(args), ServeCommand.isConfigured(args)));
      }
      case "blk" -> {
        Logging.levelFrom(args);
        yield new BlkCommand(Preload.begin(false, false));
      }
      case "rpc" -> new RpcCommand();
      case "top" -> new TopCommand();
      case "perf" -> new PerfCommand();
      case "nvme" -> new NvmeCommand();
      case "state" -> new StateCommand();
      case "version" -> new VersionCommand();
      default -> null;
    };
  }

  /** The command with all that it has, to read about. */
  public static CommandLine commands() {
    return new CommandLine(new Main())
        .addSubcommand(new ServeCommand().line())
        .addSubcommand(new BlkCommand().line())
        .addSubcommand(new RpcCommand())
        .addSubcommand(new TopCommand())
        .addSubcommand(new PerfCommand())
        .addSubcommand(new NvmeCommand())
        .addSubcommand(new StateCommand())
        .addSubcommand(new VersionCommand());
  }

  private static CommandLine line(Callable<Integer> command) {
    return command instanceof ServerCommand server ? server.line() : new CommandLine(command);
  }

  private static CommandLine prepared(CommandLine line, PrintWriter out, PrintWriter err) {
    line.setOut(out);
    line.setErr(err);
    line.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setParameterExceptionHandler((e, _) -> misused(e));
    line.setExecutionExceptionHandler((e, command, _) -> failed(e, command));
    return line;
  }

  /** Without a command: what there is. */
  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "which command? serve, blk, rpc, top, perf, nvme, state or version");
  }

  private static int misused(ParameterException e) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    command.getErr().println(name + ": " + oneLine(e.getMessage()) + " (see " + name + " --help)");
    return CommandException.MISUSED;
  }

  private static int failed(Exception e, CommandLine command) {
    String name = command.getCommandSpec().qualifiedName();
    if (e instanceof CommandException known) {
      command.getErr().println(name + ": " + oneLine(known.getMessage()));
      Logging.debug(name, known);
      return known.exitCode();
    }
    command
        .getErr()
        .println(name + ": a defect of Millrace: " + e + "; --log-level debug shows where");
    Logging.debug(name, e);
    return CommandException.FAILED;
  }

  private static String oneLine(@Nullable String message) {
    return message == null ? "" : message.strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
