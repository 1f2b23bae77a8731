package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a service manager is told: sd_notify(3), as systemd hears it. */
@Timeout(240)
class ServiceManagerTest {
  private static final long PID = 42;

  @TempDir Path folder;

  /** argv: the name of an abstract socket, then the program, whose messages it prints. */
  private static final String MANAGER =
      """
      #include <stdio.h>
      #include <stdlib.h>
      #include <string.h>
      #include <sys/prctl.h>
      #include <sys/socket.h>
      #include <sys/un.h>
      #include <signal.h>
      #include <unistd.h>
      int main(int argc, char **argv) {
        struct sockaddr_un address = {AF_UNIX};
        char text[1024], environment[128];
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        strncpy(address.sun_path + 1, argv[1], sizeof address.sun_path - 1);
        if (bind(fd, (struct sockaddr *)&address, 3 + strlen(argv[1]))) return 90;
        snprintf(environment, sizeof environment, "@%s", argv[1]);
        setenv("NOTIFY_SOCKET", environment, 1);
        pid_t child = fork();
        if (child) { execvp(argv[2], argv + 2); return 91; }
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
          ssize_t length = recv(fd, text, sizeof text - 1, 0);
          if (length <= 0) return 0;
          for (ssize_t i = 0; i < length; i++) if (text[i] == '\\n') text[i] = ' ';
          text[length] = 0;
          printf("told: %s\\n", text);
          fflush(stdout);
          if (strstr(text, "STOPPING=1")) return 0;
        }
      }
      """;

  @Test
  void isToldWhenTheServerServesThatItWorksWhatItServesAndThatItEnds() throws Exception {
    Path dir = Files.createDirectory(folder.resolve("run"));
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
    String[] serve = {"serve", "--blk", "vm0.sock=disk.img", "-r", "r.sock"};
    try (ServerProcess server = ServerProcess.start(dir, launcher(), serve)) {
      String ready = next(server, "READY=1");
      next(server, "WATCHDOG=1");
      rpc(dir, "bdev_null_create", "{\"name\":\"n\",\"num_blocks\":8,\"block_size\":512}");
      rpc(dir, "vhost_create_blk_controller", "{\"ctrlr\":\"vm1\",\"dev_name\":\"n\"}");
      next(server, "STATUS=2 disks");
      server.terminate();
      next(server, "STOPPING=1");

      assertThat(server.exitCode()).isZero();
      assertThat(ready).endsWith("STATUS=1 disk on 1 core, JSON-RPC at r.sock");
      assertThat(server.log()).isEmpty();
    }
  }

  @Test
  void managerThatIsNotThereIsOneLineAndTheServerServes() throws Exception {
    Path dir = Files.createDirectory(folder.resolve("run"));
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
    List<String> launcher = List.of("env", "NOTIFY_SOCKET=/nowhere/notify");
    String[] serve = {"serve", "--blk", "vm0.sock=disk.img"};
    try (ServerProcess server = ServerProcess.start(dir, launcher, serve)) {
      assertThat(server.line()).startsWith("ready: 1 disk");
      server.terminate();

      assertThat(server.exitCode()).isZero();
      assertThat(server.log())
          .contains(
              "the service manager cannot be told \"READY=1\" (send to /nowhere/notify: ENOENT (No"
                  + " such file or directory)); check NOTIFY_SOCKET, or unset it")
          .hasLineCount(1);
    }
  }

  @Test
  void beatsThreeTimesInTheWatchdogsPeriodAndEveryTenSecondsWithoutOne() {
    assertThat(watched("30000000", "42").beatNanos()).isEqualTo(TimeUnit.SECONDS.toNanos(10));
    assertThat(watched("3000000", "42").beatNanos()).isEqualTo(TimeUnit.SECONDS.toNanos(1));
    assertThat(watched("3000000", "43").beatNanos()).isEqualTo(TimeUnit.SECONDS.toNanos(10));
    assertThat(watched("x", "42").beatNanos()).isEqualTo(TimeUnit.SECONDS.toNanos(10));
    assertThat(ServiceManager.of(Map.of(), PID).isThere()).isFalse();
  }

  private static ServiceManager watched(String period, String pid) {
    return ServiceManager.of(
        Map.of("NOTIFY_SOCKET", "/x", "WATCHDOG_USEC", period, "WATCHDOG_PID", pid), PID);
  }

  private static String next(ServerProcess server, String message) throws IOException {
    List<String> others = new ArrayList<>();
    for (String line = server.line(); line != null; line = server.line()) {
      if (line.startsWith("told: ") && line.contains(message)) {
        return line;
      }
      others.add(line);
    }
    throw new AssertionError(message + " was not said, but " + others);
  }

  private static void rpc(Path dir, String method, String params) {
    Cli cli = Cli.run("rpc", "-r", dir.resolve("r.sock").toString(), method, params);
    assertThat(cli.exitCode()).as(cli.err()).isZero();
  }

  private List<String> launcher() throws Exception {
    Path source = Files.writeString(folder.resolve("manager.c"), MANAGER);
    Path program = folder.resolve("manager");
    Process gcc =
        new ProcessBuilder("gcc", "-o", program.toString(), source.toString()).inheritIO().start();
    assertThat(gcc.waitFor()).isZero();
    String name = "millrace-manager-" + ProcessHandle.current().pid();
    return List.of("env", "WATCHDOG_USEC=600000", program.toString(), name);
  }
}
