package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The units of docs/backend-program.md, by systemd's own tools. They check and enable units, and
 * pass sockets, on machines that systemd has not booted too.
 */
class SystemdUnitsTest {
  @RegisterExtension final Lab lab = new Lab();

  private static final String PROGRAM = MillraceServer.PROGRAM.toString();
  private static final String EXEC_START = "ExecStart=";

  private final List<String> units = new ArrayList<>();
  private String command;

  @BeforeEach
  void writeTheUnitsOfThePage() throws Exception {
    for (String tool : List.of("systemd-analyze", "systemd-socket-activate", "systemctl")) {
      assumeTrue(Files.isExecutable(Path.of("/usr/bin", tool)), "needs " + tool + " of systemd");
    }
    String text = DocumentedPage.of("docs/backend-program.md").block("ini");
    text = DocumentedPage.replace(text, "/opt/millrace/bin/millrace", PROGRAM);
    for (String unit : text.split("(?m)^# (?=/)", -1)) {
      if (!unit.isEmpty()) {
        String path = unit.lines().findFirst().orElseThrow().substring(1);
        Files.createDirectories(lab.path(path).getParent());
        Files.writeString(lab.path(path), unit.substring(unit.indexOf('\n')));
        units.add(path);
      }
    }
    command =
        text.lines()
            .filter(line -> line.startsWith(EXEC_START))
            .map(line -> line.substring(EXEC_START.length()))
            .findFirst()
            .orElseThrow();
  }

  @Test
  void systemdFindsNothingWrongWithTheUnits() throws Exception {
    List<String> verify = new ArrayList<>(List.of("systemd-analyze", "verify"));
    verify.addAll(units);

    assertThat(lab.output(verify.toArray(String[]::new))).isEmpty();
    assertThat(units).hasSize(2);
  }

  @Test
  void documentedCommandEnablesTheSocketAtBoot() throws Exception {
    String enable = DocumentedPage.of("docs/getting-started.md").command("systemctl enable ");
    enable = DocumentedPage.replace(enable, "enable --now", "--root=" + lab.folder() + " enable");

    lab.output("sh", "-c", enable);

    assertThat(lab.path("etc/systemd/system/sockets.target.wants/millrace-vm0.socket"))
        .isSymbolicLink();
  }

  @Test
  void serviceServesOnTheSocketThatSystemdPasses() throws Exception {
    lab.image("vm0.img", 16 << 20);
    String serve = DocumentedPage.replace(command, "/var/lib/images/vm0.img", "vm0.img");
    Path socket = lab.shortPath("vm0.sock");
    Process activated =
        lab.start(
            List.of(
                "sh",
                "-c",
                "exec systemd-socket-activate --listen=%s --fdname=vm0 %s"
                    .formatted(socket, serve)),
            "server.log",
            false);
    Await.until("systemd to listen", Guest.LIMIT, () -> Files.exists(socket));

    String perf =
        lab.output(
            PROGRAM, "perf", "--socket", socket.toString(), "--rw=write", "--verify", "--size=4m");

    assertThat(perf).contains("bad=0");
    activated.destroy();
    assertThat(activated.waitFor(Guest.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(activated.exitValue()).isZero();
    assertThat(socket).exists();
  }
}
