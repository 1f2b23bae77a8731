package io.millrace.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.millrace.reactor.Reactor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may call a server, besides what the mode of its socket says. */
@Timeout(60)
class RpcPeersTest {
  private static final int OWNER = 1000;
  private static final int GROUP = 100;
  private static final int STRANGER = 65534;

  @TempDir Path dir;

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0600, true",
    "1000, 1000, 0600, true",
    "65534, 100, 0600, false",
    "65534, 100, 0660, true",
    "65534, 65534, 0660, true", // one of its other groups, or the kernel had refused it
    "65534, 65534, 0666, false",
    "65534, 100, 0666, true",
    "65534, 65534, 0606, false",
  })
  void rootTheOwnerAndTheGroupThatTheModeNamesMayCall(
      int uid, int gid, String mode, boolean allowed) {
    String refusal = RpcPeers.refusal(uid, gid, OWNER, GROUP, Integer.parseInt(mode, 8));

    assertThat(refusal == null).isEqualTo(allowed);
    if (refusal != null) {
      assertThat(refusal)
          .isEqualTo(
              "user %d (group %d) may not call; root, user 1000 and, with mode 0660, group 100 may"
                  .formatted(uid, gid));
    }
  }

  @Test
  void aStrangerIsNotAnsweredThoughTheSocketIsOpenToEverybody() throws Exception {
    assumeThat(System.getProperty("user.name"))
        .as("needs root, to be somebody else")
        .isEqualTo("root");
    assumeThat(Path.of("/usr/bin/setpriv")).as("needs setpriv").exists();
    assumeThat(Path.of("/usr/bin/perl")).as("needs perl").exists();
    Path open = Files.createTempDirectory(Path.of("/tmp"), "peers");
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path socket = open.resolve("rpc.sock");
    Reactor reactor = Reactor.start("test", -1);
    try {
      RpcServer server =
          RpcServer.listen(socket, reactor.eventLoop(), new TestMethods().registry)
              .toCompletableFuture()
              .get(20, TimeUnit.SECONDS);
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));

      assertThat(answerTo(STRANGER, socket)).isEmpty();
      assertThat(answerTo(0, socket)).contains("\"id\":1");
      try (RpcClient own = RpcClient.connect(socket, Duration.ofSeconds(20))) {
        assertThat(own.call("rpc_get_methods", null)).isNotEmpty();
      }
      server.close().toCompletableFuture().get(20, TimeUnit.SECONDS);
    } finally {
      reactor.close();
      Files.deleteIfExists(open);
    }
  }

  /** What a user is told who calls a method. */
  private static String answerTo(int uid, Path socket) throws Exception {
    String call =
        "use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un($ARGV[0])) or die;"
            + " syswrite(S, '{\"method\":\"rpc_get_methods\",\"id\":1}'); shutdown(S, 1);"
            + " print while (<S>);";
    Process client =
        new ProcessBuilder(
                "/usr/bin/setpriv",
                "--reuid",
                Integer.toString(uid),
                "--regid",
                Integer.toString(uid),
                "--clear-groups",
                "/usr/bin/perl",
                "-e",
                call,
                socket.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String answer = new String(client.getInputStream().readAllBytes(), UTF_8);
    assertThat(client.waitFor(20, TimeUnit.SECONDS)).isTrue();
    return answer;
  }
}
