package io.millrace.server;

import io.millrace.server.top.Sort;
import io.millrace.server.top.Top;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code millrace top}: what a running server does. */
@Command(
    name = "top",
    description = {
      "Shows what a running server does: devices, bdevs, reactors; ? tells the keys.",
      "Without a terminal, and with -n or --json, it prints."
    },
    footer = {
      "",
      "Examples:",
      "  millrace top -r m.sock",
      "  millrace top -r m.sock --once",
      "  millrace top -r m.sock -d 10 --json"
    })
final class TopCommand extends HelpOption implements Callable<Integer> {
  private static final double LEAST_INTERVAL = 0.1;
  private static final double MOST_INTERVAL = 3600;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-r", "-s", "--socket"},
      paramLabel = "SOCKET",
      defaultValue = RpcCommand.DEFAULT_SOCKET,
      description = "The server's JSON-RPC socket (its -r). Default: ${DEFAULT-VALUE}.")
  private Path socket;

  @Option(
      names = {"-d", "--interval"},
      paramLabel = "SECONDS",
      defaultValue = "1",
      description = "Between two looks, 0.1 to 3600. Default: ${DEFAULT-VALUE}.")
  private double intervalSeconds;

  @Option(
      names = {"-n", "--count"},
      paramLabel = "COUNT",
      defaultValue = "0",
      description = "Prints so many intervals as text, and ends.")
  private int count;

  @Option(names = "--once", description = "As -n 1: an interval, and what happened in it.")
  private boolean once;

  @Option(
      names = "--json",
      description = "Prints a line of JSON each interval: rates a second, bytes, nanoseconds.")
  private boolean json;

  @Option(
      names = "--sort",
      paramLabel = "BY",
      defaultValue = "iops",
      description = "iops, bandwidth, latency or name. Default: ${DEFAULT-VALUE}.")
  private Sort sort;

  @Override
  public Integer call() throws CommandException, InterruptedException {
    if (!(intervalSeconds >= LEAST_INTERVAL && intervalSeconds <= MOST_INTERVAL)) {
      throw wrong("--interval is 0.1 to 3600 seconds");
    }
    if (count < 0 || (once && count > 1)) {
      throw wrong(once ? "--once or -n COUNT, not both" : "-n COUNT must be 0 or more");
    }
    Top top = new Top(socket, intervalSeconds, sort);
    int intervals = once ? 1 : count;
    try {
      if (intervals == 0 && !json && StandardStream.allAreTerminals()) {
        top.show();
      } else {
        PrintWriter out = spec.commandLine().getOut();
        top.print(intervals, json, out, spec.commandLine().getErr());
      }
      return 0;
    } catch (IOException e) {
      throw CommandException.failed(e);
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
