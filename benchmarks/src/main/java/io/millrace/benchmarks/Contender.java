package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One side of a comparison: a server on core 0 and the load on core 1 that reports on it, or a load
 * that is its own server, on core 0.
 *
 * @param name a file name too: letters, digits and dashes
 * @param server how to start it; null when the load needs none
 * @param load what loads it and reports
 */
record Contender(String name, @Nullable Server server, Load load) {
  /**
   * How to start a server, and the socket that says that it is up.
   *
   * @param files what its command line refers to, written just before it starts: two contenders of
   *     one name may follow one another with different files
   */
  record Server(List<String> command, Path socket, Map<Path, String> files) {
    /** A server that needs no files. */
    Server(List<String> command, Path socket) {
      this(command, socket, Map.of());
    }

    /** The same with one more word in its command line. */
    Server with(String word) {
      List<String> words = new ArrayList<>(command);
      words.add(word);
      return new Server(words, socket, files);
    }

    /** Starts it on given cores and waits until its socket takes a connection. */
    Child start(String name, String cores, Path work) throws IOException, InterruptedException {
      Child child = launch(name, cores, work);
      try {
        child.awaitSocket(socket);
        return child;
      } catch (IOException | InterruptedException | RuntimeException e) {
        child.close();
        throw e;
      }
    }

    /** The same for somebody else who waits for its socket: nobody connects just to see it. */
    Child launch(String name, String cores, Path work) throws IOException {
      Files.deleteIfExists(socket);
      for (Map.Entry<Path, String> file : files.entrySet()) {
        Files.writeString(file.getKey(), file.getValue());
      }
      return Child.start(name, cores, command, work);
    }
  }
}
