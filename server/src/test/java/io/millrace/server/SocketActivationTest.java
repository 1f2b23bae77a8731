package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server started by systemd with its sockets: LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES. */
@Timeout(240)
class SocketActivationTest {
  @TempDir Path folder;
  private Path dir;

  @BeforeEach
  void image() throws IOException {
    dir = Files.createDirectory(folder.resolve("run"));
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
  }

  @Test
  void diskIsServedOnTheSocketOfItsNameAndRpcTellsItsPath() throws Exception {
    try (ServerProcess server = serve("vm0", "--blk", "fd:vm0=disk.img", "-r", "r.sock")) {
      assertThat(server.line()).startsWith("ready: 1 disk");

      Cli load = Cli.run("perf", "--socket", socket().toString(), "--rw=write", "--size=64k");
      Cli controllers =
          Cli.run("rpc", "-r", dir.resolve("r.sock").toString(), "vhost_get_controllers");
      server.terminate();

      assertThat(load.exitCode()).as(load.err()).isZero();
      assertThat(controllers.out()).contains("\"vm0\"", "\"" + socket() + "\"");
      assertThat(server.exitCode()).isZero();
      assertThat(socket()).exists();
    }
  }

  @Test
  void rpcIsAnsweredOnTheSocketOfItsNameWhichOutlivesTheServer() throws Exception {
    try (ServerProcess server = serve("rpc", "--blk", "vm0.sock=disk.img", "-r", "fd:rpc")) {
      assertThat(server.line()).isEqualTo("ready: 1 disk on 1 core, JSON-RPC at fd:rpc");

      Cli controllers = Cli.run("rpc", "-r", socket().toString(), "vhost_get_controllers");
      server.terminate();

      assertThat(controllers.out()).contains("\"vm0.sock\"");
      assertThat(server.exitCode()).isZero();
      assertThat(socket()).exists();
    }
  }

  @Test
  void rpcAndADiskOnTheSameSocketEndTheStart() throws Exception {
    try (ServerProcess server = serve("rpc", "--blk", "fd:rpc=disk.img", "-r", "fd:rpc")) {
      assertThat(server.exitCode()).isEqualTo(2);
      assertThat(server.log()).contains("-r fd:rpc has the socket of a disk; each needs its own");
    }
  }

  @Test
  void rpcWhoseSocketWasNotPassedEndsTheStart() {
    Cli cli = Cli.run("serve", "-r", "fd:rpc");

    assertThat(cli.exitCode()).isEqualTo(2);
    assertThat(cli.err())
        .startsWith("millrace serve: fd:rpc: no socket of that name was passed (none was)")
        .hasLineCount(1);
  }

  @Test
  void socketThatNoDiskUsesEndsTheStart() throws Exception {
    try (ServerProcess server = serve("other", "--blk", "vm1.sock=disk.img")) {
      assertThat(server.exitCode()).isEqualTo(2);
      assertThat(server.log())
          .contains(
              "nothing serves the passed socket other; add --blk fd:other=IMAGE, or -r fd:other");
    }
  }

  @Test
  void diskWhoseSocketWasNotPassedEndsTheStart() {
    Cli cli = Cli.run("serve", "--blk", "fd:vm0=" + dir.resolve("disk.img"));

    assertThat(cli.exitCode()).isEqualTo(2);
    assertThat(cli.err())
        .startsWith("millrace serve: fd:vm0: no socket of that name was passed (none was)")
        .hasLineCount(1);
  }

  private Path socket() {
    return dir.resolve("passed.sock");
  }

  private ServerProcess serve(String name, String... options) throws Exception {
    List<String> launcher =
        new ArrayList<>(List.of("env", "LISTEN_FDS=1", "LISTEN_FDNAMES=" + name));
    launcher.addAll(PassedSocket.listening(folder, socket(), 3));
    List<String> arguments = new ArrayList<>(List.of("serve"));
    arguments.addAll(List.of(options));
    return ServerProcess.start(dir, launcher, arguments.toArray(String[]::new));
  }
}
