package io.millrace.vm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The distribution's completion, asked by bash as it is when a user presses TAB. */
@Timeout(60)
class CompletionTest {
  private static final Path SCRIPT =
      Path.of("")
          .toAbsolutePath()
          .getParent()
          .resolve("server/target/millrace/share/bash-completion/completions/millrace");

  /** Finds the function that the script registers, and calls it as readline does. */
  private static final String ASK =
      """
      set -eu
      source "$0"
      compopt() { :; } # works only while readline completes
      function=$(complete -p millrace | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
      COMP_WORDS=("$@")
      COMP_CWORD=$(($# - 1))
      COMPREPLY=()
      set +eu
      "$function" millrace "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """;

  @Test
  void commandsAreCompleted() throws Exception {
    assertThat(completed("millrace", "")).contains("serve", "rpc", "perf", "nvme", "version");
    assertThat(completed("millrace", "pe")).containsExactly("perf");
    assertThat(completed("millrace", "nvme", "")).contains("list", "bind", "unbind");
  }

  @Test
  void optionsOfACommandAreCompleted() throws Exception {
    assertThat(completed("millrace", "perf", "--verify"))
        .contains("--verify", "--verify_only", "--verify_fatal", "--verify-state");
    assertThat(completed("millrace", "serve", "--bl")).containsExactly("--blk");
  }

  @Test
  void valuesAreCompleted() throws Exception {
    assertThat(completed("millrace", "perf", "--rw", "randr"))
        .containsExactlyInAnyOrder("randread", "randrw");
    assertThat(completed("millrace", "perf", "--output-format", ""))
        .containsExactlyInAnyOrder("normal", "json");
  }

  private static List<String> completed(String... words) throws Exception {
    List<String> command = new ArrayList<>(List.of("bash", "--norc", "-c", ASK, SCRIPT.toString()));
    command.addAll(List.of(words));
    Process bash = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(bash.getInputStream().readAllBytes(), UTF_8);
    assertThat(bash.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(bash.exitValue()).as(said).isZero();
    return said.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
  }
}
