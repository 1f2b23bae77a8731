package io.millrace.server;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Loads what a disk's socket will need while another core reads the command line: logging, native
 * calls, the reactor. Each takes about as long as the command line does, measured from exec to a
 * connectable socket.
 */
final class Preload {
  private Preload() {}

  /**
   * Begins. Nobody may make a logger before the result is complete: SLF4J would complain on stderr.
   *
   * @return complete when logging is ready; the rest goes on and is needed by nobody
   */
  static CompletableFuture<@Nullable Void> begin() {
    CompletableFuture<@Nullable Void> logging = new CompletableFuture<>();
    Thread.ofPlatform().name("preload").daemon().start(() -> load(logging));
    return logging;
  }

  /**
   * Links what the first ring would have its reactor wait for. Called when sockets are there: none
   * of them waits for it.
   */
  static void requestPath() {
    try (FileDescriptor call = EventFd.create()) {
      EventFd.signal(call.number());
      RawMemory.surfaceFault();
    } catch (LinuxException e) {
      LoggerFactory.getLogger(Preload.class).debug("preloading ended early", e);
    }
  }

  private static void load(CompletableFuture<@Nullable Void> logging) {
    LoggerFactory.getILoggerFactory();
    logging.complete(null);
    try {
      LinuxFiles.status(Path.of("/"));
      Reactor.stepped("preload").close();
    } catch (IOException e) {
      LoggerFactory.getLogger(Preload.class).debug("preloading ended early", e);
    }
  }
}
