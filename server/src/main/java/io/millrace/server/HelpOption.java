package io.millrace.server;

import picocli.CommandLine.Option;

/** What every command has. */
abstract class HelpOption {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this help.")
  @SuppressWarnings("unused") // picocli looks at it
  private boolean help;

  HelpOption() {}
}
