package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the operator of a server reads when io_uring is not allowed or the storage is full. */
@Timeout(240)
class StorageProcessTest {
  private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(60);

  @TempDir Path dir;
  private final List<Process> processes = new ArrayList<>();
  private boolean mounted;

  @AfterEach
  void end() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
    if (mounted) {
      run("umount", "-l", dir.resolve("small").toString());
    }
  }

  @Test
  void whereIoUringIsNotAllowedThreadsServeTheDiskAndOneLineSaysSo() throws Exception {
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);

    serve(
        Seccomp.refusing(dir, "io_uring_setup", "EPERM"),
        "vm0.sock=disk.img",
        "vm1.sock=" + otherDisk() + ",register-memory=on");
    Cli first = perf("vm0.sock", "randrw", "1s");
    Cli second = perf("vm1.sock", "randrw", "1s");

    assertThat(first.exitCode()).as(first.err()).isZero();
    assertThat(second.exitCode()).as(second.err()).isZero();
    assertThat(log())
        .containsOnlyOnce("io_uring is not allowed here")
        .contains("EPERM", "files are served by threads", "kernel.io_uring_disabled=0")
        .containsOnlyOnce("other.img: guest memory is not registered: threads engine");
  }

  @Test
  void whereIoUringIsTooOldThreadsServeTheDiskAndOneLineSaysSo() throws Exception {
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);

    serve(Seccomp.refusing(dir, "io_uring_setup", "EINVAL"), "vm0.sock=disk.img"); // no CLAMP: 5.5
    Cli cli = perf("vm0.sock", "randrw", "1s");

    assertThat(cli.exitCode()).as(cli.err()).isZero();
    assertThat(log())
        .containsOnlyOnce("io_uring of this kernel is too old")
        .contains("EINVAL", "files are served by threads", "Linux 5.8 and later");
  }

  private String otherDisk() throws Exception {
    Files.write(dir.resolve("other.img"), new byte[1 << 20]);
    return "other.img";
  }

  @Test
  void fullStorageIsALineWhenItBeginsAndALineWhenItIsOver() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/loop-control")), "needs root to mount a tmpfs");
    Path small = Files.createDirectory(dir.resolve("small"));
    run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small.toString());
    mounted = true;
    run("truncate", "-s", "8M", small.resolve("disk.img").toString());
    serve(List.of(), "vm0.sock=small/disk.img,on-error=retry");

    CompletableFuture<Cli> load =
        CompletableFuture.supplyAsync(() -> perf("vm0.sock", "write", "3s"));
    awaitLog("it is held and tried again until it succeeds (on-error=retry)");
    run("mount", "-o", "remount,size=16m", small.toString());
    awaitLog("no request is held any more");

    Cli cli = load.get(60, TimeUnit.SECONDS);
    assertThat(cli.exitCode()).as(cli.err()).isZero();
    assertThat(log()).contains("small/disk.img: WRITE at ", "ENOSPC (No space left on device)");
    assertThat(log().lines().filter(line -> line.contains("disk.img"))).hasSize(2);
  }

  private void serve(List<String> launcher, String... disks) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("serve"));
    for (String disk : disks) {
      arguments.add("--blk");
      arguments.add(disk);
    }
    Process process =
        new ProcessBuilder(ServerProcess.command(launcher, arguments))
            .directory(dir.toFile())
            .redirectError(dir.resolve("log").toFile())
            .start();
    processes.add(process);
    String line =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8)).readLine();
    assertThat(line).as(log()).startsWith("ready: ");
  }

  private Cli perf(String socket, String how, String time) {
    return Cli.run(
        "perf", "--socket", dir.resolve(socket).toString(), "--rw", how, "--runtime", time);
  }

  private String log() throws Exception {
    return Files.readString(dir.resolve("log"));
  }

  private void awaitLog(String text) throws Exception {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (!log().contains(text)) {
      assertThat(System.nanoTime()).as("'%s' in %s", text, log()).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }
}
