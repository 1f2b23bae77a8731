package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Shared memory that is truncated costs an error and not the process, in whatever mode the code
 * runs: each mode is a JVM of its own, as the failure to find is that JVM's end.
 */
class FaultTest {
  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "interpreted, -Xint, false, 100",
    "interpreted, -Xint, true, 100",
    "C1, -XX:TieredStopAtLevel=1, false, 4000",
    "C1, -XX:TieredStopAtLevel=1, true, 4000",
    "C2, -XX:-TieredCompilation, false, 20000",
    "C2, -XX:-TieredCompilation, true, 20000",
    "tiered, -XX:+TieredCompilation, false, 20000",
    "tiered, -XX:+TieredCompilation, true, 20000"
  })
  void everyFaultComesAtTheNextSurfaceFaultAtTheLatest(
      String name, String mode, boolean exported, String warmUp) throws Exception {
    String output = run(mode, exported, warmUp);

    assertThat(output)
        .as("%s, accesses of the JVM's own: %b", name, exported)
        .endsWith("wrong=[]\n")
        .contains("accesses=67 faults=2680");
  }

  private String run(String mode, boolean exported, String warmUp)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            mode,
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-XX:-CreateCoredumpOnCrash"));
    if (exported) {
      command.add("--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED");
    }
    command.addAll(List.of("-XX:ErrorFile=" + directory.resolve("crash.log"), "-cp", classPath()));
    command.addAll(List.of(FaultProbe.class.getName(), warmUp));
    Path output = directory.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    int exit = process.waitFor();
    String text = Files.readString(output, StandardCharsets.UTF_8);
    assertThat(exit).as(text).isZero();
    return text;
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }
}
