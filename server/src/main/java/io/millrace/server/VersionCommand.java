package io.millrace.server;

import java.io.PrintWriter;
import java.lang.module.ModuleDescriptor;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code millrace version}: what runs here, for a bug report. */
@Command(name = "version", description = "Shows the version of Millrace and of its Java runtime.")
final class VersionCommand extends HelpOption implements Callable<Integer> {
  /** The project's version, as Maven stamped it into the module descriptor. */
  static String version() {
    ModuleDescriptor descriptor = Main.class.getModule().getDescriptor();
    return descriptor == null ? "development" : descriptor.rawVersion().orElse("development");
  }

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "Millrace %s (JDK %s, %s)%n", version(), Runtime.version(), System.getProperty("os.arch"));
    out.flush();
    return 0;
  }
}
