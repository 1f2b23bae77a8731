package io.millrace.server.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class CompilerDirectivesTest {
  @Test
  void everyClassAndMethodThatTheCompilerIsToldOfIsThere() throws Exception {
    List<String> lines = SourceTree.read(Path.of("server/src/dist/compiler")).lines().toList();

    assertThat(lines).anyMatch(line -> line.startsWith("inline "));
    assertThat(new CompilerDirectives().violations(lines)).isEmpty();
  }

  @Test
  void directivesForWhatIsNotThereAreFound() throws Exception {
    CompilerDirectives directives = new CompilerDirectives();

    assertThat(
            directives.violations(
                List.of(
                    "# inline io.millrace.linux.Raw::getByte",
                    "quiet",
                    "inline io.millrace.linux.RawMemory::getByte",
                    "inline io.millrace.linux.RawMemory::put*",
                    "inline io.millrace.virtqueue.Virtq*::*",
                    "CompileThresholdScaling java.lang.invoke.*::* 0.1")))
        .isEmpty();
    assertThat(
            directives.violations(
                List.of(
                    "inline io.millrace.linux.RawMemory::gotByte",
                    "inline io.millrace.linux.RawMemory::pat*",
                    "inline io.millrace.linux.RawMemories::getByte",
                    "inline io.millrace.virtqueue.Vortq*::*",
                    "CompileThresholdScaling jdk.internal.gone.*::* 0.1")))
        .hasSize(5)
        .first()
        .asString()
        .isEqualTo(
            "inline io.millrace.linux.RawMemory::gotByte: there is no"
                + " io.millrace.linux.RawMemory::gotByte");
  }
}
