package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The back-end program of QEMU's conventions, as a program that manages guests runs it. */
@Timeout(240)
class BlkProcessTest {
  @TempDir Path folder;
  private Path dir;

  @BeforeEach
  void image() throws IOException {
    dir = Files.createDirectory(folder.resolve("run"));
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
  }

  @Test
  void diskIsServedAtItsSocketAndSigtermEndsItCleanly() throws Exception {
    try (ServerProcess blk = blk("--socket-path=vm0.sock", "--blk-file=disk.img")) {
      assertThat(blk.line()).isEqualTo("ready: 1 disk on 1 core");
      Cli write = perf("vm0.sock", "write");
      blk.terminate();

      assertThat(write.exitCode()).as(write.err()).isZero();
      assertThat(blk.exitCode()).isZero();
      assertThat(dir.toFile().list()).containsExactly("disk.img");
    }
  }

  @Test
  void readOnlyDiskTakesNoWrites() throws Exception {
    try (ServerProcess blk = blk("--socket-path=vm0.sock", "--blk-file=disk.img", "--read-only")) {
      assertThat(blk.line()).startsWith("ready");

      assertThat(perf("vm0.sock", "read").exitCode()).isZero();
      assertThat(perf("vm0.sock", "write").exitCode()).isNotZero();
    }
  }

  @Test
  void socketThatListensAlreadyIsServedAndItsFileStays() throws Exception {
    List<String> launcher = PassedSocket.listening(folder, dir.resolve("vm0.sock"), 7);
    try (ServerProcess blk = blk(launcher, "--fd=7", "--blk-file=disk.img")) {
      assertThat(blk.line()).startsWith("ready");
      Cli first = perf("vm0.sock", "write");
      Cli second = perf("vm0.sock", "read");
      blk.terminate();

      assertThat(first.exitCode()).as(first.err()).isZero();
      assertThat(second.exitCode()).as(second.err()).isZero();
      assertThat(blk.exitCode()).isZero();
      assertThat(dir.toFile().list()).containsExactlyInAnyOrder("disk.img", "vm0.sock");
    }
  }

  @Test
  void processEndsWithTheConnectionItWasStartedWith() throws Exception {
    List<String> launcher = PassedSocket.connected(folder, dir.resolve("vm0.sock"), 7);
    try (ServerProcess blk = blk(launcher, "--fd=7", "--blk-file=disk.img")) {
      PassedSocket.awaitListening(dir.resolve("vm0.sock"));

      Cli load = perf("vm0.sock", "write");

      assertThat(load.exitCode()).as(load.err()).isZero();
      assertThat(blk.exitCode()).as(blk.log()).isZero();
      assertThat(blk.line()).startsWith("ready");
    }
  }

  private ServerProcess blk(String... options) throws IOException {
    return blk(List.of(), options);
  }

  private ServerProcess blk(List<String> launcher, String... options) throws IOException {
    String[] arguments = new String[options.length + 1];
    arguments[0] = "blk";
    System.arraycopy(options, 0, arguments, 1, options.length);
    return ServerProcess.start(dir, launcher, arguments);
  }

  private Cli perf(String socket, String rw) {
    return Cli.run("perf", "--socket", dir.resolve(socket).toString(), "--rw=" + rw, "--size=64k");
  }
}
