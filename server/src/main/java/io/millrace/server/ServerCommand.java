package io.millrace.server;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * A command that serves until a signal ends it, or until nobody can come any more.
 *
 * <p>Its options are built, not annotated as other commands' are: a disk's socket waits for them,
 * and reading annotations, for which the JDK makes proxy classes, was a quarter of what the main
 * thread did until then.
 */
abstract class ServerCommand implements Callable<Integer> {
  private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);
  private final Preload preload;

  /**
   * A command.
   *
   * @param name what it is called by, behind {@code millrace}
   * @param description what its help says first
   * @param preload what goes on meanwhile
   */
  ServerCommand(String name, String description, Preload preload) {
    this.preload = preload;
    spec.name(name).usageMessage().description(description);
    var _ = add(OptionSpec.builder("-h", "--help").usageHelp(true).description("Shows this help."));
    var _ = // checked here, but used before the rest is read
        add(
            OptionSpec.builder("--log-level")
                .type(Logging.Level.class)
                .paramLabel("LEVEL")
                .defaultValue("INFO")
                .description(
                    "error, warn, info, debug or trace, on stderr. Default: ${DEFAULT-VALUE}."));
  }

  /** An option without a value. */
  static OptionSpec.Builder flag(String name) {
    return OptionSpec.builder(name).type(boolean.class).initialValue(false);
  }

  /** An option that can be given again and again. */
  static OptionSpec.Builder repeated(String name) {
    return OptionSpec.builder(name)
        .type(List.class)
        .auxiliaryTypes(String.class)
        .initialValue(new ArrayList<String>());
  }

  /** An option, which holds its value when the command line has been read; null if it has none. */
  final OptionSpec add(OptionSpec.Builder builder) {
    OptionSpec option = builder.build();
    spec.addOption(option);
    return option;
  }

  /** Whether a {@link #flag} was given. */
  static boolean isSet(OptionSpec flag) {
    return flag.<Boolean>getValue();
  }

  /** What follows the options in the help, a line each. */
  final void footer(String... lines) {
    spec.usageMessage().footer(lines);
  }

  /** What reads a command line, and runs this with it. */
  final CommandLine line() {
    return new CommandLine(spec);
  }

  /** What the command line asks for. */
  abstract ServeOptions options() throws CommandException;

  @Override
  public final Integer call() throws CommandException, InterruptedException {
    ServeOptions options = options();
    CompletableFuture<@Nullable Void> stopRequested = new CompletableFuture<>();
    StopSignals.install(() -> stopRequested.complete(null));
    Target target = Target.start(options, preload.rehearsal());
    ServiceManager manager = ServiceManager.ofProcess();
    try {
      target.reportTo(manager);
      if (isUp(target, manager, stopRequested)) {
        String summary = target.summary();
        say("ready: " + summary);
        manager.ready(summary);
        if (!preload.rehearsal().isWanted()) {
          Preload.finish();
        }
        var _ = target.over().thenRun(() -> stopRequested.complete(null));
        target.rehearse(_ -> stopRequested.isDone());
        stopRequested.join();
      }
    } finally {
      manager.stopping();
      target.stop();
    }
    return 0;
  }

  /**
   * Waits until it serves; false if it is to end before. One that waits for framework_start_init is
   * ready for its service manager: who is to make that call may be started after it.
   */
  private boolean isUp(
      Target target, ServiceManager manager, CompletableFuture<@Nullable Void> stopRequested)
      throws CommandException, InterruptedException {
    CompletableFuture<@Nullable Void> up = target.initialised();
    if (!up.isDone()) {
      String waiting = target.summary() + "; framework_start_init has it serve";
      say("waiting: " + waiting);
      manager.ready("waiting: " + waiting);
      target.rehearse(_ -> up.isDone() || stopRequested.isDone());
    }
    try {
      CompletableFuture.anyOf(up, stopRequested).get();
      return up.isDone();
    } catch (ExecutionException e) {
      throw CommandException.misused(Cores.cause(e));
    }
  }

  private void say(String line) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(line);
    out.flush();
  }

  /** The parser's result; what it finds wrong is wrong with the command line. */
  final <T> T checked(Callable<T> parser) {
    try {
      return parser.call();
    } catch (IllegalArgumentException e) {
      throw wrong(e.getMessage());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The command line is wrong. */
  final ParameterException wrong(@Nullable String message) {
    return new ParameterException(spec.commandLine(), String.valueOf(message));
  }
}
