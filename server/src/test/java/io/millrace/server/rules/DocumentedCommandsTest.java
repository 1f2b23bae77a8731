package io.millrace.server.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every command that a document shows is run by a test or by CI, or the document may lie. */
class DocumentedCommandsTest {
  private static final String THIS_FILE =
      "src/test/java/io/millrace/server/rules/DocumentedCommandsTest.java";
  private static final String README_TEST = "vm-tests/src/test/java/io/millrace/vm/ReadmeTest.java";
  private static final String PERF_TEST = "vm-tests/src/test/java/io/millrace/vm/PerfPageTest.java";
  private static final String BLK_TEST =
      "server/src/test/java/io/millrace/server/BlkProcessTest.java";
  private static final String VFIO_TEST = "vm-tests/src/test/java/io/millrace/vm/VfioTest.java";
  private static final String NVME_TOOLS_TEST =
      "server/src/test/java/io/millrace/server/NvmeToolsTest.java";
  private static final String PAGES_TEST =
      "vm-tests/src/test/java/io/millrace/vm/ObservabilityPagesTest.java";
  private static final String STATE_TEST =
      "server/src/test/java/io/millrace/server/StateDirectoryTest.java";
  private static final Pattern TARGET = Pattern.compile("(?m)^([a-z-]+):");

  /**
   * Who runs what.
   *
   * @param command how the shown command starts
   * @param file the test or script that runs it
   * @param proof words in that file which run it
   */
  private record Run(String command, String file, String proof) {}

  private static final List<Run> RUNS =
      List.of(
          new Run("make test", ".ci/run", "exec make test"),
          new Run("make run", "vm-tests/src/test/java/io/millrace/vm/DemoTest.java", "run/demo.sh"),
          new Run(
              "make bench",
              "benchmarks/src/test/java/io/millrace/benchmarks/MainTest.java",
              "run.sh"),
          new Run(
              "make fuzz",
              "server/src/test/java/io/millrace/server/rules/FuzzTargetsTest.java",
              "\"build/fuzz.sh\""),
          new Run(
              "make attack",
              "server/src/test/java/io/millrace/server/attack/AttackTest.java",
              "attack.command"),
          new Run("make clean", "server/" + THIS_FILE, "\"make\", \"clean\""),
          new Run(
              "make package",
              "vm-tests/src/test/java/io/millrace/vm/PackageTest.java",
              "src/package/package.sh"),
          new Run("make dist", "Makefile", "run: install $(DIST)"),
          new Run("millrace serve", README_TEST, "PROGRAM + \"serve \""),
          new Run("millrace blk", BLK_TEST, "arguments[0] = \"blk\""),
          new Run("millrace rpc ", README_TEST, "PROGRAM + \"rpc \""),
          new Run("millrace top", PAGES_TEST, "page.commands(\"millrace top \")"),
          new Run("millrace perf --socket vm0.sock --rw randread", README_TEST, "\"perf\""),
          new Run("millrace perf", PERF_TEST, "startsWith(\"millrace perf \")"),
          new Run("millrace nvme list", VFIO_TEST, "short nvme list"),
          new Run("millrace nvme bind", VFIO_TEST, "short nvme bind $free"),
          new Run("millrace nvme unbind", VFIO_TEST, "short nvme unbind $free"),
          new Run("millrace nvme id", NVME_TOOLS_TEST, "\"nvme\", \"id\""),
          new Run("millrace nvme health", NVME_TOOLS_TEST, "\"nvme\", \"health\""),
          new Run("millrace state show", STATE_TEST, "\"state\", \"show\""),
          new Run("millrace state forget", STATE_TEST, "\"state\", \"forget\""),
          new Run("mvn -B -pl ", "Makefile", "$(MAVEN) -q -pl server -am"),
          new Run("mvn -B spotless:apply", "pom.xml", "spotless-maven-plugin"));

  @Test
  void everyCommandInTheDocumentsIsRunBySomebody() throws Exception {
    TreeSet<String> nobodyRuns = new TreeSet<>();
    for (Path document : documents()) {
      for (String command : DocumentedCommands.in(SourceTree.read(document))) {
        if (RUNS.stream().noneMatch(run -> command.startsWith(run.command))) {
          nobodyRuns.add(document + ": " + command);
        }
      }
    }

    assertThat(nobodyRuns).isEmpty();
  }

  @Test
  void whoIsSaidToRunACommandDoes() throws Exception {
    for (Run run : RUNS) {
      assertThat(SourceTree.ROOT.resolve(run.file)).as(run.command).exists();
      assertThat(SourceTree.read(Path.of(run.file))).as(run.command).contains(run.proof);
    }
  }

  @Test
  void everyMakeTargetInTheDocumentsExists() throws Exception {
    List<String> targets =
        TARGET
            .matcher(SourceTree.read(Path.of("Makefile")))
            .results()
            .map(match -> match.group(1))
            .toList();
    List<String> missing = new ArrayList<>();
    for (Path document : documents()) {
      for (String command : DocumentedCommands.in(SourceTree.read(document))) {
        String[] words = command.split(" ", -1);
        if (words[0].equals("make") && words.length > 1 && !targets.contains(words[1])) {
          missing.add(document + ": " + command);
        }
      }
    }

    assertThat(missing).isEmpty();
  }

  @Test
  void makeCleanRemovesWhatWasBuiltAndNothingElse(@TempDir Path folder) throws Exception {
    Files.copy(SourceTree.ROOT.resolve("Makefile"), folder.resolve("Makefile"));
    Files.createDirectories(folder.resolve("linux/target/classes"));
    Files.createDirectories(folder.resolve("linux/src"));

    Process make =
        new ProcessBuilder("make", "clean").directory(folder.toFile()).inheritIO().start();

    assertThat(make.waitFor()).isZero();
    assertThat(folder.resolve("linux/target")).doesNotExist();
    assertThat(folder.resolve("linux/src")).exists();
  }

  @Test
  void commandsAreFoundInBlocksAndInText() {
    String document =
        """
        Say `make run`, not `java`; `make` alone helps, millrace is fast.
        ```
        $ sudo FOO=1 server/target/millrace/bin/millrace serve \\
            --blk a=b   # serves
        qemu-system-x86_64 millrace
        ```
        """;

    assertThat(DocumentedCommands.in(document))
        .containsExactly("make run", "millrace serve --blk a=b");
  }

  private static List<Path> documents() throws Exception {
    return SourceTree.files(".md");
  }
}
