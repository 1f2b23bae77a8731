package io.millrace.server;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that serves until a signal ends it, or until nobody can come any more. */
abstract class ServerCommand extends HelpOption implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      defaultValue = "INFO",
      description = "error, warn, info, debug or trace, on stderr. Default: ${DEFAULT-VALUE}.")
  @SuppressWarnings("unused") // checked here, but used before the rest is read
  private Logging.Level logLevel;

  private final Preload preload;

  /**
   * A command.
   *
   * @param preload what goes on meanwhile
   */
  ServerCommand(Preload preload) {
    this.preload = preload;
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
