package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.Cpu;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A {@code -m} that the machine does not allow: one line says so, and the disk is served. */
@Timeout(240)
class CoreMaskProcessTest {
  private static final int ABSENT = 4093;

  @TempDir private Path dir;
  private int core;

  @BeforeEach
  void image() throws Exception {
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
    core = Cpu.affinity().nextSetBit(0);
  }

  @Test
  void coresThatDoNotExistAreLeftOut() throws Exception {
    try (ServerProcess server = serve(List.of(), "[" + core + "," + ABSENT + "]")) {
      assertServes(server);
      assertThat(server.log())
          .containsOnlyOnce("WARN")
          .contains(
              "-m: cores [4093] do not exist or are forbidden to this process; reactors run on ["
                  + core
                  + "]; allow it these (taskset, cpuset), or name cores of [");
    }
  }

  @Test
  void whereNoneOfTheCoresExistsOneReactorRunsAnywhere() throws Exception {
    try (ServerProcess server = serve(List.of(), "[4000-4093]")) {
      assertServes(server);
      assertThat(server.log())
          .containsOnlyOnce("WARN")
          .contains(
              "-m: cores [4000-4093] do not exist", "one reactor runs instead, pinned to none");
    }
  }

  @Test
  void coresThatTasksetForbidsAreLeftOut() throws Exception {
    List<String> taskset = List.of("taskset", "-c", Integer.toString(core));

    try (ServerProcess server = serve(taskset, "[" + (core + 1) + "]")) {
      assertServes(server);
      assertThat(server.log())
          .containsOnlyOnce("WARN")
          .contains("one reactor runs instead", "or name cores of [" + core + "] only");
    }
  }

  @Test
  void wherePinningIsForbiddenReactorsRunUnpinned() throws Exception {
    List<String> launcher = Seccomp.refusing(dir, "sched_setaffinity", "EPERM");

    try (ServerProcess server = serve(launcher, "[" + core + "]")) {
      assertServes(server);
      assertThat(server.log())
          .containsOnlyOnce("WARN")
          .contains("-m: threads cannot be pinned here (", "EPERM", "allow sched_setaffinity");
    }
  }

  private ServerProcess serve(List<String> launcher, String mask) throws Exception {
    return ServerProcess.start(
        dir, launcher, "serve", "-m", mask, "--blk", "vm0.sock=disk.img,engine=threads");
  }

  private void assertServes(ServerProcess server) throws Exception {
    assertThat(server.line()).as(server.log()).isEqualTo("ready: 1 disk on 1 core");
    String socket = dir.resolve("vm0.sock").toString();
    Cli cli = Cli.run("perf", "--socket", socket, "--rw", "randrw", "--runtime", "1s", "--verify");
    assertThat(cli.exitCode()).as(cli.err()).isZero();
  }
}
