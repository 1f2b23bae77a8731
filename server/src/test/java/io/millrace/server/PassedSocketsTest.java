package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PassedSocketsTest {
  private static final long PID = 42;

  @Test
  void descriptorsAreCountedFrom3InTheOrderOfTheirNames() throws IOException {
    PassedSockets passed = passed("42", "2", "vm0:vm1");

    assertThat(passed.number("vm0")).isEqualTo(3);
    assertThat(passed.number("vm1")).isEqualTo(4);
    assertThat(passed.without(Set.of("vm1"))).containsExactly("vm0");
  }

  @Test
  void descriptorWithoutANameIsCalledUnknown() throws IOException {
    assertThat(passed("42", "2", "vm0").number("unknown")).isEqualTo(4);
    assertThat(
            PassedSockets.of(Map.of("LISTEN_PID", "42", "LISTEN_FDS", "1"), PID).without(Set.of()))
        .containsExactly("unknown");
  }

  @ParameterizedTest
  @CsvSource({"43,1", "'',1", "42,0", "42,''", "42,-1", "42,x", "42,99999"})
  void whatIsMeantForAnotherProcessOrIsNoCountIsNoSocket(String pid, String count) {
    PassedSockets passed = passed(pid, count, "vm0");

    assertThat(passed.without(Set.of())).isEmpty();
    assertThatThrownBy(() -> passed.number("vm0"))
        .hasMessage(
            "fd:vm0: no socket of that name was passed (none was); set FileDescriptorName=vm0 in"
                + " its systemd.socket unit");
  }

  @Test
  void nameThatTwoSocketsHaveIsRefused() {
    assertThatThrownBy(() -> passed("42", "2", "a:a").number("a"))
        .hasMessageStartingWith("fd:a: more than one socket of that name was passed");
  }

  private static PassedSockets passed(String pid, String count, String names) {
    return PassedSockets.of(
        Map.of("LISTEN_PID", pid, "LISTEN_FDS", count, "LISTEN_FDNAMES", names), PID);
  }
}
