package io.millrace.server;

import io.millrace.linux.Cpu;
import io.millrace.linux.LinuxException;
import io.millrace.rpc.ConfigFile;
import io.millrace.virtio.scsi.rpc.ScsiMethods;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The rehearsal that begins with the process, on reactors of its own, while another thread finds
 * out what is to be served. Sockets open when it is over: a guest that connects at once finds most
 * of its requests' way compiled, where it would get next to nothing for a tenth of a second and
 * have the compiler beside it for another three.
 */
final class EarlyRehearsal {
  /**
   * After as many requests the first of the two compilers is done with what each of them runs; the
   * second one has another core than the first guest's requests.
   */
  private static final long ENOUGH = 4_000;

  /** After as many the second one is, too, all but its last pieces: there is no other core. */
  private static final long ENOUGH_ON_ONE_CORE = 1_200_000;

  /** A machine that has no time for it gets its sockets all the same. */
  private static final Duration MOST = Duration.ofMillis(500);

  private static final Duration MOST_ON_ONE_CORE = Duration.ofMillis(1500);

  /** It is taken down when the first guest has come and the compiler is done. */
  private static final Duration AFTERWARDS = Duration.ofSeconds(2);

  /** Half as much as a busy reactor on the same core: it is done in another half second. */
  static final int NICER_COMPILERS = 3;

  /** A tenth as much: what is left of the start, a socket for JSON-RPC for example, can wait. */
  static final int NICER_START = 10;

  private final CompletableFuture<@Nullable Void> over = new CompletableFuture<>();
  private volatile boolean unwanted;

  private EarlyRehearsal() {}

  /** Of a server that does not rehearse. */
  static EarlyRehearsal none() {
    EarlyRehearsal none = new EarlyRehearsal();
    none.unwanted = true;
    return none;
  }

  /** One that waits for {@link #play}. */
  static EarlyRehearsal planned() {
    return new EarlyRehearsal();
  }

  /** Whether there is something to {@link #play} and to wait for. Any thread. */
  boolean isWanted() {
    return !unwanted;
  }

  /** Plays it. On a thread that nobody waits for; once. */
  void play() {
    try {
      playOnCores();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      over.complete(null);
    }
  }

  private void playOnCores() throws InterruptedException {
    Cores cores = Cores.startRehearsal();
    boolean oneCore = Runtime.getRuntime().availableProcessors() == 1;
    long needed = oneCore ? ENOUGH_ON_ONE_CORE : ENOUGH;
    try {
      new Rehearsal(cores, oneCore ? MOST_ON_ONE_CORE : MOST)
          .play(
              requests -> unwanted || requests >= needed,
              () -> {
                over.complete(null); // nobody waits for what is to be taken down
                Thread.sleep(AFTERWARDS);
              });
    } finally {
      cores.closeAll();
    }
  }

  /**
   * Ends it, or has it not begin, where it is of no use. Where it is, the calling thread and the
   * compiler give way to requests when it is over. Main thread.
   *
   * @param configuration null without one
   * @param saved null without a state directory
   */
  void cancelUnlessOfUse(
      ServeOptions options, @Nullable ConfigFile configuration, @Nullable SavedState saved) {
    if (isOfUse(options, configuration, saved)) {
      int starter = Cpu.threadId();
      var _ = over.thenRun(() -> putRequestsFirst(starter));
    } else {
      unwanted = true;
    }
  }

  /** Waits until it is over, if it is wanted. Any thread but its own. */
  void awaitEnd() {
    if (!unwanted) {
      over.join();
    }
  }

  /**
   * What is left to compile makes requests half as fast again, and no more. They are not to wait
   * for it where they share a core with the compiler, nor for what else the start has yet to do.
   */
  private static void putRequestsFirst(int starter) {
    try {
      Cpu.giveWay(starter, NICER_START);
      Cpu.niceCompilers(NICER_COMPILERS);
    } catch (LinuxException e) {
      LoggerFactory.getLogger(EarlyRehearsal.class).debug("nobody gives way to requests", e);
    }
  }

  /**
   * Somebody may come as soon as there is a socket, but not before, and for a block device: what is
   * compiled for block requests alone would be so for SCSI's too.
   */
  static boolean isOfUse(
      ServeOptions options, @Nullable ConfigFile configuration, @Nullable SavedState saved) {
    return options.rehearsal()
        && !options.waitForRpc()
        && (!options.disks().isEmpty() || SavedState.isConfigured(configuration, saved))
        && options.disks().stream().noneMatch(disk -> disk.socket().mayBeAwaited())
        && options.scsi().isEmpty()
        && !SavedState.isCalled(ScsiMethods.CREATE, configuration, saved);
  }
}
