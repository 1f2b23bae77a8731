package io.millrace.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** Programs of this module that run in a process of their own. */
final class JavaProgram {
  private JavaProgram() {}

  /** A command line that starts {@code main} with the class path and the Java of this process. */
  static List<String> command(Class<?> main, List<String> arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(arguments);
    return command;
  }
}
