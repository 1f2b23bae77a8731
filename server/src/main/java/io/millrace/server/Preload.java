package io.millrace.server;

import io.millrace.linux.CacheLines;
import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.ConfigException;
import io.millrace.rpc.ConfigFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Loads what a disk's socket will need while another core reads the command line: native calls, the
 * reactor, what a configuration is read with; and has the compiler meet the request path, if that
 * is wanted. The former takes about as long as the command line does, measured from exec to a
 * connectable socket.
 */
final class Preload {
  private final CompletableFuture<@Nullable Void> logging = new CompletableFuture<>();
  private final EarlyRehearsal rehearsal;

  private Preload(EarlyRehearsal rehearsal) {
    this.rehearsal = rehearsal;
  }

  /** Of a command that shows its help only. */
  static Preload none() {
    return new Preload(EarlyRehearsal.none());
  }

  /**
   * Begins. When it returns loggers can be made; nobody may make one before, SLF4J would complain
   * on stderr if two did.
   *
   * @param rehearses whether it ends with a rehearsal
   * @param readsJson whether there is a configuration to read
   */
  static Preload begin(boolean rehearses, boolean readsJson) {
    Preload begun = new Preload(rehearses ? EarlyRehearsal.planned() : EarlyRehearsal.none());
    Thread.ofPlatform().name("preload").daemon().start(begun::load);
    LoggerFactory.getILoggerFactory();
    begun.logging.complete(null);
    if (readsJson) {
      Thread.ofPlatform().name("preload-json").daemon().start(Preload::loadJson);
    }
    return begun;
  }

  /** What sockets are to wait for. */
  EarlyRehearsal rehearsal() {
    return rehearsal;
  }

  /**
   * Does what the first guest would wait for: links what the first ring would have its reactor wait
   * for, and has the collector sort what the start made and what it left. During the rehearsal that
   * sockets wait for, else when the server is ready: no socket waits for it. Its first three looks
   * at that would take 13 ms each amid somebody's calls, where later ones take half of one.
   */
  static void finish() {
    try (FileDescriptor call = EventFd.create()) {
      EventFd.signal(call.number());
      RawMemory.surfaceFault();
      CacheLines.prefetchForStores(0, 0, 0);
    } catch (LinuxException e) {
      LoggerFactory.getLogger(Preload.class).debug("preloading ended early", e);
    }
    System.gc();
  }

  /** Half of it is a {@code BigDecimal}, which Jackson has and no configuration. */
  private static void loadJson() {
    try {
      byte[] nothing = "{\"subsystems\": []}".getBytes(StandardCharsets.UTF_8);
      var _ = ConfigFile.read(Path.of("nothing"), new ByteArrayInputStream(nothing));
    } catch (ConfigException e) {
      LoggerFactory.getLogger(Preload.class).debug("preloading ended early", e);
    }
  }

  private void load() {
    try {
      LinuxFiles.status(Path.of("/")); // makes no logger
    } catch (IOException e) {
      logging.join();
      LoggerFactory.getLogger(Preload.class).debug("preloading ended early", e);
    }
    logging.join();
    if (rehearsal.isWanted()) {
      rehearsal.play();
    } else {
      Reactor.stepped("preload").close();
    }
  }
}
