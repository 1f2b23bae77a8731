package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.Cpu;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server as a process: ready line, signals, what a killed one leaves. */
@Timeout(240)
class ServeProcessTest {
  @TempDir Path dir;
  private final List<Process> processes = new ArrayList<>();

  @BeforeEach
  void image() throws IOException {
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
  }

  @AfterEach
  void end() {
    processes.forEach(Process::destroyForcibly);
  }

  @Test
  void sigtermEndsItWithExitCode0AndWithoutATrace() throws Exception {
    Process server = serve();
    assertThat(firstLine(server)).isEqualTo("ready: 1 disk on 1 core, JSON-RPC at r.sock");

    server.destroy();

    assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(server.exitValue()).isZero();
    assertThat(dir.toFile().list()).containsExactlyInAnyOrder("disk.img", "log");
  }

  @Test
  void sigintEndsItTheSameWay() throws Exception {
    Process server = serve();
    firstLine(server);

    signal(server, "INT");

    assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(server.exitValue()).isZero();
  }

  @Test
  void signalTwiceInARowIsOneWish() throws Exception {
    Process server = serve();
    firstLine(server);

    signal(server, "TERM");
    signal(server, "TERM");

    assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(server.exitValue()).isZero();
  }

  @Test
  void socketsOfAKilledServerAreReplaced() throws Exception {
    Process killed = serve();
    firstLine(killed);
    killed.destroyForcibly().waitFor();
    assertThat(dir.resolve("vm0.sock")).exists();

    Process next = serve();

    assertThat(firstLine(next)).startsWith("ready: 1 disk");
  }

  @Test
  void spdksLettersAreUnderstood() throws Exception {
    Files.writeString(
        dir.resolve("config.json"),
        """
        {"subsystems": [
          {"subsystem": "bdev", "config": [
            {"method": "bdev_null_create",
             "params": {"name": "N", "block_size": 512, "num_blocks": 100}}]},
          {"subsystem": "vhost_blk", "config": [
            {"method": "vhost_create_blk_controller",
             "params": {"ctrlr": "n.sock", "dev_name": "N"}}]}]}
        """);
    Files.createDirectory(dir.resolve("sockets"));
    String core = Integer.toString(Cpu.affinity().nextSetBit(0));

    Process server = serve("-m", "[" + core + "]", "-S", "sockets", "-c", "config.json");

    assertThat(firstLine(server)).isEqualTo("ready: 2 disks on 1 core, JSON-RPC at r.sock");
    assertThat(dir.resolve("sockets").toFile().list()).contains("vm0.sock", "n.sock");
  }

  @Test
  void logGoesToStderrAndOnlyTheReadyLineToStdout() throws Exception {
    Process server = serve("--log-level", "debug");
    BufferedReader out = new BufferedReader(new InputStreamReader(server.getInputStream(), UTF_8));
    assertThat(out.readLine()).startsWith("ready: ");
    signal(server, "TERM"); // destroy() would close the stream

    assertThat(out.readLine()).isNull();
    assertThat(dir.resolve("log")).content().doesNotContain("SLF4J");
  }

  /** What reads it is loaded beside the command line, by a class that logs. */
  @Test
  void aServerWithAConfigurationSetsUpItsLogOnce() throws Exception {
    Files.writeString(dir.resolve("c.json"), "{\"subsystems\": []}");
    Process server = serve("-c", "c.json");
    assertThat(server.inputReader(UTF_8).readLine()).startsWith("ready: ");

    assertThat(dir.resolve("log")).content().doesNotContain("SLF4J");
  }

  private Process serve(String... more) throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of("serve", "--blk", "vm0.sock=disk.img", "-r", "r.sock"));
    arguments.addAll(List.of(more));
    // A build started in the background ignores SIGINT, and hands that down.
    List<String> launcher = List.of("env", "--default-signal=INT");
    Process process =
        new ProcessBuilder(ServerProcess.command(launcher, arguments))
            .directory(dir.toFile())
            .redirectError(dir.resolve("log").toFile())
            .start();
    processes.add(process);
    return process;
  }

  private static String firstLine(Process process) throws IOException {
    return new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8)).readLine();
  }

  private static void signal(Process process, String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }
}
