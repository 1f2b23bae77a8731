package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.Cpu;
import io.millrace.reactor.CoreMask;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The cores of a server: claimed as SPDK claims its own, and watched. */
@Timeout(120)
class CoreMethodsTest {
  private static final long LOOK_AGAIN_NANOS = 10_000_000;

  @TempDir private Path folder;
  private final CoreLocks ours = new CoreLocks(CoreLocks.DIRECTORY); // another process's
  private BitSet cores;
  private ServerProcess server;

  @BeforeEach
  void start() throws Exception {
    cores = Cpu.affinity();
    cores.clear(0, Math.max(0, cores.length() - 2)); // two of them, where there are so many
    server =
        ServerProcess.start(folder, List.of(), "serve", "-m", CoreMask.list(cores), "-r", "r.sock");
    assertThat(server.line()).startsWith("ready: ");
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    ours.release();
  }

  private Cli rpc(String method, String params) {
    return Cli.run("rpc", "-r", folder.resolve("r.sock").toString(), method, params);
  }

  private Cli rpc(String method) {
    return Cli.run("rpc", "-r", folder.resolve("r.sock").toString(), method);
  }

  private static Path file(int core) {
    return CoreLocks.DIRECTORY.resolve("spdk_cpu_lock_%03d".formatted(core));
  }

  private static BitSet only(int core) {
    BitSet one = new BitSet();
    one.set(core);
    return one;
  }

  @Test
  void coresAreClaimedAsSpdkDoesAllOrNone() throws Exception {
    int last = cores.length() - 1;
    int first = cores.nextSetBit(0);
    ours.claim(only(last));

    assertThat(rpc("framework_enable_cpumask_locks").err())
        .contains(
            "error -32603: Failed to claim CPU core: " + last,
            "process " + ProcessHandle.current().pid() + " has core " + last);
    ours.claim(cores); // the first was not kept
    ours.release();
    assertThat(file(first)).doesNotExist();

    assertThat(rpc("framework_enable_cpumask_locks").out()).startsWith("true");
    assertThat(rpc("framework_enable_cpumask_locks").out()).startsWith("true");
    assertThatThrownBy(() -> ours.claim(only(first)))
        .hasMessageContaining("process " + server.pid() + " has core " + first);
    assertThat(file(first)).exists();
    assertThat(rpc("framework_disable_cpumask_locks").out()).startsWith("true");
    ours.claim(cores);
    ours.release();

    assertThat(rpc("framework_enable_cpumask_locks").out()).startsWith("true");
    server.terminate();
    assertThat(server.exitCode()).isZero();
    assertThat(file(first)).doesNotExist();
  }

  @Test
  void switchesAreLoggedWhenAskedFor() throws Exception {
    String method = "framework_monitor_context_switch";
    assertThat(rpc(method).out().replaceAll("\\s", "")).isEqualTo("{\"enabled\":false}");

    assertThat(rpc(method, "{\"enabled\": true}").out()).contains("true");
    assertThat(rpc(method).out()).contains("true");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    String line = "involuntary context switches in the last second";
    while (!server.log().contains(line)) {
      assertThat(System.nanoTime()).as("'%s' in %s", line, server.log()).isLessThan(deadline);
      rpc("thread_get_pollers"); // wakes every reactor
      LockSupport.parkNanos(LOOK_AGAIN_NANOS);
    }
    assertThat(server.log())
        .containsPattern("INFO +reactor-\\d+: [1-9]\\d* voluntary and \\d+ involuntary");

    assertThat(rpc(method, "{\"enabled\": false}").out()).contains("false");
  }
}
