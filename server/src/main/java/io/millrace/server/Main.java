package io.millrace.server;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command {@code millrace}. */
@Command(
    name = "millrace",
    description = "Serves virtual disks to QEMU guests over vhost-user.",
    mixinStandardHelpOptions = false,
    subcommands = VersionCommand.class)
public final class Main {
  private Main() {}

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }
}
