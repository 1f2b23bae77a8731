package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A server that has just started, or a disk that was just added, beside a server that is warm: each
 * has a load of its own that is warm, and from the moment the socket is there they run in a round
 * robin of short slices. So the peak is what the same program does at that very time, whatever the
 * host does to its processors. Until then the cold one has the core to itself, as rehearsals and
 * their limits go by the clock.
 */
final class WarmUpContest implements AutoCloseable {
  /** Time of its own that a cold side is watched for; the other one has as much in between. */
  static final Duration OWN_TIME = Duration.ofSeconds(2);

  /** A little more: the first step is not whole, and the count may begin before the first slice. */
  private static final Duration TIME = OWN_TIME.multipliedBy(2).plusMillis(100);

  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration SOON = Duration.ofMillis(1);
  private static final Duration NOW_AND_THEN = Duration.ofMillis(20);
  private static final long UNDER_WAY_NANOS = Duration.ofMillis(200).toNanos();

  private final Path work;
  private final Path warmSocket;
  private final Child warmServer;
  private final Child warmLoad;
  private final Child load;

  private WarmUpContest(Path work, Path warmSocket, Child warmServer, Child warmLoad, Child load) {
    this.work = work;
    this.warmSocket = warmSocket;
    this.warmServer = warmServer;
    this.warmLoad = warmLoad;
    this.load = load;
  }

  /** Starts the warm server and both loads, and waits until they are. */
  static WarmUpContest start(Contender.Server warm, Path work)
      throws IOException, InterruptedException {
    Child server = warm.start("warm-server", Contest.SERVER_CORE, work);
    Child load = null;
    try {
      load = warm("warm-load", warm.socket(), work);
      return new WarmUpContest(
          work, warm.socket(), server, load, warm("cold-load", warm.socket(), work));
    } catch (IOException | InterruptedException | RuntimeException e) {
      server.close();
      if (load != null) {
        load.close();
      }
      throw e;
    }
  }

  private static Child warm(String name, Path socket, Path work)
      throws IOException, InterruptedException {
    List<String> command = WarmUpLoad.command(socket);
    return Child.startReady(name, Contest.LOAD_CORE, command, WarmUpLoad.WARM, work);
  }

  /** Has the warm server work, and starts a cold one. */
  Turn begin(Contender.Server cold) throws IOException, InterruptedException {
    warmLoad.say(WarmUpLoad.line(warmSocket, LONG));
    awaitBegun(warmLoad);
    warmLoad.awaitCpu(UNDER_WAY_NANOS);
    Child server = cold.launch("cold-server", Contest.SERVER_CORE, work);
    try {
      return new Turn(server);
    } catch (IOException e) {
      server.close();
      throw e;
    }
  }

  /** What the warm server did since the turn began that was closed. */
  WarmUpCounts end() throws IOException, InterruptedException {
    warmLoad.say(WarmUpLoad.END);
    return counts(warmLoad);
  }

  /** A cold server with its load, which has the core but while it counts. */
  final class Turn implements AutoCloseable {
    private final Child server;
    private final TimeSlicer slicer;

    private Turn(Child server) throws IOException {
      this.server = server;
      List<Process> cold = List.of(server.process(), load.process());
      List<Process> warm = List.of(warmServer.process(), warmLoad.process());
      slicer = TimeSlicer.start(List.of(cold, warm), LONG);
      slicer.go(LONG);
    }

    /** Waits until a socket of it takes a connection. */
    void awaitSocket(Path socket) throws IOException, InterruptedException {
      server.awaitSocket(socket);
    }

    /** Has the load wait for a socket. */
    void expect(Path socket) throws IOException {
      load.say(WarmUpLoad.line(socket, TIME));
    }

    /** Counts from the moment that socket is there. */
    WarmUpCounts count() throws IOException, InterruptedException {
      awaitBegun(load);
      slicer.hold();
      slicer.go(TimeSlicer.SLICE);
      WarmUpCounts counts = counts(load);
      slicer.hold();
      slicer.go(LONG);
      return counts;
    }

    /** Ends the cold server; the other one runs freely. */
    @Override
    public void close() throws IOException {
      slicer.close();
      server.close();
    }
  }

  private static void awaitBegun(Child load) throws IOException, InterruptedException {
    String line = answer(load, SOON);
    if (!line.equals(WarmUpLoad.BEGUN)) {
      throw load.failure("said " + line + " where it was to begin");
    }
  }

  private static WarmUpCounts counts(Child load) throws IOException, InterruptedException {
    return WarmUpCounts.parse(answer(load, NOW_AND_THEN));
  }

  private static String answer(Child load, Duration every)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() - deadline < 0) {
      String line = load.nextLine();
      if (line != null) {
        return line;
      }
      Thread.sleep(every);
    }
    throw load.failure("gave no answer in " + PATIENCE.toSeconds() + " s");
  }

  @Override
  public void close() throws IOException {
    load.close();
    warmLoad.close();
    warmServer.close();
  }
}
