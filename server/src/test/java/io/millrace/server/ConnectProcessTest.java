package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.VhostSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server that goes to its front-ends, {@code --blk connect:SOCKET=IMAGE}. */
@Timeout(240)
class ConnectProcessTest {
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final BlkDriverOptions OPTIONS =
      BlkDriverOptions.defaults()
          .withFrontend(FrontendOptions.defaults().withConnectWithin(Duration.ofSeconds(20)));

  @TempDir Path folder;
  private Path dir;

  @BeforeEach
  void image() throws IOException {
    dir = Files.createDirectory(folder.resolve("run"));
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
  }

  @Test
  void frontEndsThatListenAreServedOneAfterTheOther() throws Exception {
    try (ServerProcess server = serve()) {
      assertThat(server.line()).startsWith("ready: 1 disk");
      try (VhostSocket listener = VhostSocket.listen(dir.resolve("vm0.sock"), null)) {
        write(listener, 0x1122334455667788L);
        assertThat(read(listener)).isEqualTo(0x1122334455667788L);
      }
      server.terminate();

      assertThat(server.exitCode()).isZero();
      assertThat(server.log())
          .containsOnlyOnce("vm0.sock: no connection to a front-end there: ENOENT (No such file")
          .contains("vm0.sock#1: front-end connected", "vm0.sock#1: front-end disconnected");
    }
    assertThat(dir.toFile().list()).containsExactly("disk.img");
  }

  @Test
  void deletedControllerHangsUpAndSaysNothingMore() throws Exception {
    try (ServerProcess server = serve();
        VhostSocket listener = VhostSocket.listen(dir.resolve("vm0.sock"), null);
        VirtioBlkDriver driver = VirtioBlkDriver.accept(listener, OPTIONS)) {
      server.line();
      assertThat(rpc("vhost_get_controllers"))
          .contains("\"ctrlr\" : \"vm0.sock\"", "\"" + dir.resolve("vm0.sock") + "\"");

      String deleted = rpc("vhost_delete_controller", "{\"ctrlr\": \"vm0.sock\"}");

      assertThat(deleted).isEqualToIgnoringNewLines("true");
      assertThatThrownBy(driver::readConfig).isInstanceOf(InitiatorException.class);
      assertThat(rpc("vhost_get_controllers")).isEqualToIgnoringNewLines("[ ]");
      assertThat(listener.accept()).isNull();
      assertThat(dir.resolve("vm0.sock")).exists();
    }
  }

  private ServerProcess serve() throws IOException {
    return ServerProcess.start(
        dir, List.of(), "serve", "--blk", "connect:vm0.sock=disk.img", "-r", "r.sock");
  }

  private String rpc(String... call) {
    String[] args = new String[call.length + 3];
    args[0] = "rpc";
    args[1] = "-r";
    args[2] = dir.resolve("r.sock").toString();
    System.arraycopy(call, 0, args, 3, call.length);
    Cli cli = Cli.run(args);
    assertThat(cli.exitCode()).as(cli.err()).isZero();
    return cli.out();
  }

  private static void write(VhostSocket listener, long word) throws Exception {
    try (VirtioBlkDriver driver = VirtioBlkDriver.accept(listener, OPTIONS)) {
      long buffer = driver.memory().allocate(512, 512);
      RawMemory.putLong(buffer, word);
      int status = driver.run(VirtioBlk.T_OUT, 9, buffer, 512, WAIT_NANOS);
      assertThat(status).isEqualTo(VirtioBlk.S_OK);
    }
  }

  private static long read(VhostSocket listener) throws Exception {
    try (VirtioBlkDriver driver = VirtioBlkDriver.accept(listener, OPTIONS)) {
      long buffer = driver.memory().allocate(512, 512);
      int status = driver.run(VirtioBlk.T_IN, 9, buffer, 512, WAIT_NANOS);
      assertThat(status).isEqualTo(VirtioBlk.S_OK);
      return RawMemory.getLong(buffer);
    }
  }
}
