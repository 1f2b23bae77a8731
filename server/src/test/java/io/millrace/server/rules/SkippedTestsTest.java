package io.millrace.server.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code make test} says at its end about tests that this machine could not run. */
class SkippedTestsTest {
  private static final String SCRIPT = "build/skipped.sh";

  @TempDir private Path folder;

  @BeforeEach
  void repositoryWithTheScript() throws Exception {
    Files.createDirectories(folder.resolve("build"));
    Files.copy(SourceTree.ROOT.resolve(SCRIPT), folder.resolve(SCRIPT));
    Files.createDirectories(folder.resolve("disks/target/surefire-reports"));
  }

  @Test
  void whatTheMachineLacksIsSaidOnceForEachClass() throws Exception {
    report(
        skipped("one", "needs root & a \"loop\" device")
            + skipped("two", "needs root & a \"loop\" device"));

    assertThat(output())
        .contains("SKIPPED")
        .containsOnlyOnce("a.DiskTest: needs root & a \"loop\" device\n");
  }

  @Test
  void whatIsSkippedEverywhereIsNotSaid() throws Exception {
    report(skipped("one", "null forgets") + "<testcase name=\"two\" classname=\"a.DiskTest\"/>\n");

    assertThat(output()).isEmpty();
  }

  /** As surefire 3.6 writes it. */
  private static String skipped(String test, String why) {
    return """
    <testcase name="%s" classname="a.DiskTest" time="0.0">
      <skipped type="T"><![CDATA[T: Assumption failed: %s
      \tat a.DiskTest.method(DiskTest.java:1)
    ]]></skipped>
    </testcase>
    """
        .formatted(test, why);
  }

  private void report(String cases) throws Exception {
    Files.writeString(
        folder.resolve("disks/target/surefire-reports/TEST-a.DiskTest.xml"),
        "<testsuite name=\"a.DiskTest\">\n" + cases + "</testsuite>\n");
  }

  private String output() throws Exception {
    Process script =
        new ProcessBuilder(folder.resolve(SCRIPT).toString()).redirectErrorStream(true).start();
    String output = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(script.waitFor()).as(output).isZero();
    return output;
  }
}
