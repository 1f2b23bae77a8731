package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;

/** {@code docs/scsi.md} says what the command table says, and how each command was proved. */
class CommandReferenceTest {
  @Test
  void thePageIsWhatTheTableSays() throws Exception {
    assertThat(CommandReference.page())
        .as("docs/scsi.md: run CommandReference.main to bring it up to date")
        .isEqualTo(CommandReference.rendered());
  }

  /** What the tools print is for module vm-tests to compare. */
  @Test
  void everyCommandAndNoOtherGoesThroughATool() throws Exception {
    assertThat(CommandReference.tools().keySet())
        .containsExactlyInAnyOrderElementsOf(
            CommandReference.commands().stream().map(ScsiCommand::name).toList());
  }

  @Test
  void everyCommandHasAProof() throws Exception {
    Properties proofs = CommandReference.proofs();

    List<String> without =
        CommandReference.commands().stream()
            .map(CommandReference::key)
            .filter(key -> proofs.getProperty(key, "").isBlank())
            .toList();

    assertThat(without).as("commands without a line in proofs.properties").isEmpty();
  }
}
