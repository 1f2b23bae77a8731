package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketFileTest {
  @TempDir Path dir;

  @Test
  void closingLeavesNothingBehind() throws IOException {
    SocketFile claim = SocketFile.claim(dir.resolve("a.sock"));
    listen(claim.path()).close();

    claim.close();
    claim.close();

    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void deadServersSocketIsReplaced() throws IOException {
    Path path = dir.resolve("a.sock");
    listen(path).close();
    assertThat(path).exists();

    try (SocketFile claim = SocketFile.claim(path)) {
      assertThat(claim.path()).doesNotExist();
    }
  }

  @Test
  void lockFileThatIsALinkIsNotFollowed() throws IOException {
    Path elsewhere = dir.resolve("elsewhere");
    Files.createSymbolicLink(dir.resolve("a.sock.lock"), elsewhere);

    assertThatThrownBy(() -> SocketFile.claim(dir.resolve("a.sock")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a.sock.lock")
        .hasMessageContaining("ELOOP")
        .hasMessageContaining("choose another folder");

    assertThat(elsewhere).doesNotExist();
  }

  @Test
  void liveServerThatKeepsNoLockIsNotReplaced() throws IOException {
    Path path = dir.resolve("a.sock");
    try (ServerSocketChannel live = listen(path)) {
      assertThatThrownBy(() -> SocketFile.claim(path))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(path.toString())
          .hasMessageContaining("another server listens there");

      assertThat(live.isOpen()).isTrue();
      assertThat(dir.toFile().list()).containsExactly("a.sock");
    }
  }

  @Test
  void secondClaimIsRefusedWhileTheFirstIsHeld() throws IOException {
    Path path = dir.resolve("a.sock");
    try (SocketFile first = SocketFile.claim(path)) {
      assertThatThrownBy(() -> SocketFile.claim(first.path()))
          .hasMessageContaining("another server listens there");
    }

    SocketFile.claim(path).close();
  }

  @Test
  void fileThatIsNoSocketIsNotTouched() throws IOException {
    Path path = Files.writeString(dir.resolve("disk.img"), "precious");

    assertThatThrownBy(() -> SocketFile.claim(path)).hasMessageContaining("is not a socket");

    assertThat(path).hasContent("precious");
    assertThat(dir.toFile().list()).containsExactly("disk.img");
  }

  @Test
  void danglingSymbolicLinkIsNotTouched() throws IOException {
    Path link = Files.createSymbolicLink(dir.resolve("a.sock"), dir.resolve("nowhere"));

    assertThatThrownBy(() -> SocketFile.claim(link)).hasMessageContaining("is not a socket");

    assertThat(Files.isSymbolicLink(link)).isTrue();
  }

  @Test
  void missingDirectoryIsNamed() {
    Path path = dir.resolve("missing/a.sock");

    assertThatThrownBy(() -> SocketFile.claim(path))
        .hasMessageContaining("there is no directory " + path.getParent());
  }

  @Test
  void longestPathIsTakenAndOneByteMoreIsRefused() throws IOException {
    Path directory = Files.createTempDirectory(Path.of("/tmp"), "m");
    int room = SocketFile.MAX_PATH_BYTES - directory.toString().length() - 1;
    try {
      Path longest = directory.resolve("s".repeat(room));

      try (SocketFile claim = SocketFile.claim(longest)) {
        listen(claim.path()).close();
      }
      assertThatThrownBy(() -> SocketFile.claim(directory.resolve("s".repeat(room + 1))))
          .hasMessageContaining("at most 106 bytes, this one 107");
    } finally {
      Files.delete(directory);
    }
  }

  @Test
  void ofManyThatClaimAtOnceExactlyOneGetsIt() throws Exception {
    int rounds = 50;
    for (int round = 0; round < rounds; round++) {
      Path path = dir.resolve("race.sock");
      listen(path).close();
      CyclicBarrier start = new CyclicBarrier(4);
      CyclicBarrier end = new CyclicBarrier(4);
      AtomicInteger winners = new AtomicInteger();
      Thread[] threads = new Thread[4];
      for (int i = 0; i < threads.length; i++) {
        threads[i] = Thread.ofPlatform().start(() -> claimOnce(path, start, end, winners));
      }
      for (Thread thread : threads) {
        thread.join();
      }

      assertThat(winners).as("round %d", round).hasValue(1);
      assertThat(Arrays.asList(dir.toFile().list())).isEmpty();
    }
  }

  private static void claimOnce(
      Path path, CyclicBarrier start, CyclicBarrier end, AtomicInteger winners) {
    try {
      start.await();
      SocketFile claim = null;
      try {
        claim = SocketFile.claim(path);
        winners.incrementAndGet();
      } catch (IOException refused) {
        assertThat(refused).hasMessageContaining("another server listens there");
      }
      end.await();
      if (claim != null) {
        claim.close();
      }
    } catch (Exception unexpected) {
      throw new AssertionError(unexpected);
    }
  }

  private static ServerSocketChannel listen(Path path) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    return server.bind(UnixDomainSocketAddress.of(path));
  }
}
