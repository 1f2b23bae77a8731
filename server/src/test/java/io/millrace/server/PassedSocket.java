package io.millrace.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Starts a program with an open socket, as systemd and managers of guests do. A C program, because
 * a shell cannot listen and Java passes nothing on.
 */
final class PassedSocket {
  private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** argv: listen or accept, path, descriptor number, then the program. */
  private static final String SOURCE =
      """
      #include <stdio.h>
      #include <stdlib.h>
      #include <string.h>
      #include <sys/socket.h>
      #include <sys/un.h>
      #include <unistd.h>
      int main(int argc, char **argv) {
        struct sockaddr_un address = {AF_UNIX};
        char text[16];
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        strncpy(address.sun_path, argv[2], sizeof address.sun_path - 1);
        if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 8)) return 90;
        if (!strcmp(argv[1], "accept")) fd = accept(fd, 0, 0);
        if (dup2(fd, atoi(argv[3])) < 0) return 91;
        if (fd != atoi(argv[3])) close(fd);
        snprintf(text, sizeof text, "%d", getpid());
        setenv("LISTEN_PID", text, 0);
        execvp(argv[4], argv + 4);
        return 92;
      }
      """;

  private PassedSocket() {}

  /** The words that start a program with a socket that listens at a path. */
  static List<String> listening(Path folder, Path path, int number) throws Exception {
    return List.of(program(folder), "listen", path.toString(), Integer.toString(number));
  }

  /** The words that start a program with the first connection to a path. */
  static List<String> connected(Path folder, Path path, int number) throws Exception {
    return List.of(program(folder), "accept", path.toString(), Integer.toString(number));
  }

  private static String program(Path folder) throws IOException, InterruptedException {
    Path source = Files.writeString(folder.resolve("pass.c"), SOURCE);
    Path program = folder.resolve("pass");
    Process gcc =
        new ProcessBuilder("gcc", "-o", program.toString(), source.toString()).inheritIO().start();
    if (gcc.waitFor() != 0) {
      throw new IOException("gcc failed");
    }
    return program.toString();
  }

  /** Waits until there is a socket at a path. */
  static void awaitListening(Path path) {
    long deadline = System.nanoTime() + DEADLINE_NANOS;
    while (!Files.exists(path)) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited in vain for " + path);
      }
      Thread.onSpinWait();
    }
  }
}
