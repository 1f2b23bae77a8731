package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A folder for sockets that is full, read-only, or goes away. */
@Timeout(240)
class SocketDirectoryTest {
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(20);

  @TempDir Path folder;
  private Path dir;
  private Path sockets;
  private boolean mounted;

  @BeforeEach
  void imageAndSocketFolder() throws IOException {
    dir = Files.createDirectory(folder.resolve("run"));
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
    sockets = Files.createDirectory(dir.resolve("sockets"));
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted) {
      run("umount", "-l", sockets.toString());
    }
  }

  @Test
  void folderWithoutRoomForTheLockFileIsOneLineAndExitCode2() throws Exception {
    mount("nr_inodes=1"); // the folder's own

    assertThat(serve())
        .isEqualTo(
            sockets
                + "/s: its lock file "
                + sockets
                + "/s.lock cannot be opened: ENOSPC (No space left on device); make room there,"
                + " or choose another folder");
  }

  @Test
  void folderWithoutRoomForTheSocketIsOneLineAndExitCode2AndLeavesNothing() throws Exception {
    mount("nr_inodes=2"); // the folder's own and one

    assertThat(serve())
        .startsWith(sockets + "/s: cannot listen there: ")
        .containsIgnoringCase("no space left on device");
    assertThat(sockets.toFile().list()).isEmpty();
  }

  @Test
  void readOnlyFolderIsOneLineAndExitCode2() throws Exception {
    mount("ro");

    assertThat(serve())
        .isEqualTo(
            sockets
                + "/s: its lock file "
                + sockets
                + "/s.lock cannot be opened: EROFS (Read-only file system); let this user write"
                + " there, or choose another folder");
  }

  @Test
  void socketIsForThoseWhomTheUmaskLeavesItTo() throws Exception {
    List<String> launcher = List.of("sh", "-c", "umask 0027; exec \"$@\"", "sh");
    String[] serve = {"serve", "-S", "sockets", "--blk", "s=disk.img"};
    try (ServerProcess server = ServerProcess.start(dir, launcher, serve)) {
      assertThat(server.line()).startsWith("ready: 1 disk");

      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(sockets.resolve("s"))))
          .isEqualTo("rwxr-x---");
    }
  }

  @Test
  void folderThatGoesAwayCostsNoGuestItsDiskAndTheServerEndsWell() throws Exception {
    try (ServerProcess server =
        ServerProcess.start(
            dir, List.of(), "serve", "-S", "sockets", "--blk", "s=disk.img", "-r", "sockets/r")) {
      assertThat(server.line()).startsWith("ready: 1 disk");
      try (VirtioBlkDriver driver =
          VirtioBlkDriver.open(sockets.resolve("s"), BlkDriverOptions.defaults())) {
        for (String file : List.of("s", "s.lock", "r", "r.lock")) {
          Files.delete(sockets.resolve(file));
        }
        Files.delete(sockets);

        long buffer = driver.memory().allocate(512, 512);
        assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, WAIT_NANOS)).isZero();
      }
      server.terminate();

      assertThat(server.exitCode()).as(server.log()).isZero();
      assertThat(dir.toFile().list()).containsExactly("disk.img");
    }
  }

  /** What the server says that cannot start, without the command's name. */
  private String serve() {
    Cli cli = Cli.run("serve", "-S", sockets.toString(), "--blk", "s=" + dir.resolve("disk.img"));
    assertThat(cli.exitCode()).as(cli.err()).isEqualTo(2);
    assertThat(cli.err()).startsWith("millrace serve: ").hasLineCount(1);
    return cli.err().strip().substring("millrace serve: ".length());
  }

  private void mount(String options) throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/loop-control")), "needs root to mount a tmpfs");
    run("mount", "-t", "tmpfs", "-o", options, "tmpfs", sockets.toString());
    mounted = true;
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }
}
