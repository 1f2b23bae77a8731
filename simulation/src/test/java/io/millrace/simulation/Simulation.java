package io.millrace.simulation;

import io.millrace.bdev.BdevException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.simulation.Action.Kind;
import io.millrace.vhost.user.server.ControllerException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;

/**
 * Plays a plan: guest, server and storage on one virtual clock, and looks at what the guest saw.
 * The same plan takes the same way each time.
 */
final class Simulation implements AutoCloseable {
  private static final int SHORT_ROUNDS = 2_000;
  private static final int MOST_ROUNDS = 12_000;
  private static final long LONG_ROUND_NANOS = 1_000_000;
  private static final int CRASH_WITHIN_ROUNDS = 300;
  private static final int READ_IDS = 1_000_000; // of the requests that read everything

  private enum Crash {
    NONE,
    KILL,
    POWER_LOSS
  }

  private final Setup setup;
  private final Random random;
  private final Kernel kernel;
  private final World world;
  private final List<Request> history = new ArrayList<>();
  private final List<Long> reopened = new ArrayList<>();
  private long[] initial;
  private long now = 1;
  private long clock; // of the guest's doings
  private long failedAt; // when it was first told, in this life of the server, that data is lost
  private int era;
  private int reads;
  private Crash crash = Crash.NONE;
  private int eventsToCrash;
  private int roundsToCrash;
  private boolean struck;
  private boolean stopping;
  private boolean removed; // the disk, in this life of the server
  private final Tally tally;

  /**
   * Nothing is there yet.
   *
   * @param image of the size of the disk
   * @param folder for sockets
   */
  Simulation(Setup setup, Path image, Path folder, Tally tally) {
    this.setup = setup;
    this.tally = tally;
    random = new Random(~setup.seed());
    kernel = new Kernel(setup, this::kernelEvent);
    world = new World(setup, image, folder, kernel);
    initial = new long[setup.sectors()];
  }

  /** Plays all of it. */
  void play(List<Action> actions) throws Exception {
    powerOn();
    for (Action action : actions) {
      play(action);
    }
    settleCrash();
    drain();
    if (!removed) {
      readAll();
    }
    checkRegisters(eraRequests());
  }

  private void play(Action action) throws Exception {
    switch (action) {
      case Action.Submit submit -> submit(submit);
      case Action.Pass pass -> {
        for (int i = 0; i < pass.rounds(); i++) {
          now += pass.nanos();
          round();
        }
      }
      case Action.Drain _ -> drain();
      case Action.StopAndStart stop -> {
        stopping = true;
        kernel.calm(true);
        world.stopAndStart(stop.queue());
        await("the queue has stopped and started", world::isSettled);
        kernel.calm(false);
        stopping = false;
      }
      case Action.Cache cache -> world.cache(cache.on(), () -> clock);
      case Action.Remove _ -> {
        if (!removed) {
          removed = true;
          world.remove();
        }
      }
      case Action.Reconnect _ -> {
        await("the last message is answered", world::isSettled);
        world.inFlight().forEach(request -> request.repeated = true);
        world.reconnect(() -> clock);
        tally.reconnects++;
      }
      case Action.Kill kill -> arm(Crash.KILL, kill.events());
      case Action.PowerLoss loss -> arm(Crash.POWER_LOSS, loss.events());
    }
  }

  private void submit(Action.Submit what) throws Exception {
    if (what.kind() == Kind.FLUSH && !world.has(VirtioBlk.F_FLUSH)) {
      return;
    }
    await("queue " + what.queue() + " has room", () -> world.hasRoom(what.queue()));
    Request request = new Request(what, era, ++clock);
    // A server that has not heard of a connection's end may begin it, for another to do again.
    request.repeated = setup.retry() || !world.isSettled();
    history.add(request);
    world.submit(request);
    tally.requests++;
  }

  private void drain() throws Exception {
    kernel.calm(true);
    await("all requests are answered", () -> world.isSettled() && world.inFlight().isEmpty());
    kernel.calm(false);
  }

  private void await(String what, BooleanSupplier condition) throws Exception {
    for (int i = 0; i < MOST_ROUNDS; i++) {
      if (condition.getAsBoolean()) {
        return;
      }
      now += i < SHORT_ROUNDS ? 0 : LONG_ROUND_NANOS;
      if (i == SHORT_ROUNDS) {
        kernel.calm(true); // storage that is well again
      }
      round();
    }
    throw new Violation(
        "waited in vain until %s; unanswered: %s; server: %s"
            .formatted(what, world.inFlight(), world.server()));
  }

  // ---- one round --------------------------------------------------------------------------------

  private void round() throws Exception {
    now += 1_000 + random.nextInt(4_000);
    kernel.advance(now);
    world.round(now);
    if (crash != Crash.NONE && !stopping && --roundsToCrash < 0) {
      strike();
    }
    if (struck) {
      afterCrash();
      return;
    }
    world.goOn();
    if (random.nextInt(3) != 0) {
      world.poll(this::answered);
    }
  }

  private void answered(Request request) {
    request.responded = ++clock;
    request.promised = request.what.kind() != Kind.DISCARD && world.isPromised(request);
    boolean changes = request.what.kind() != Kind.READ;
    if (request.succeeded()) {
      if (changes && failedAt != 0 && request.invoked > failedAt) {
        throw new Violation(request + " succeeded on a disk that had told of lost data");
      }
    } else if (request.status != VirtioBlk.S_IOERR && request.status != VirtioBlk.S_UNSUPP) {
      throw new Violation(request + " was answered without a status");
    } else if (changes && failedAt == 0 && world.sawLoss()) {
      failedAt = clock;
    }
    tally.failures += request.succeeded() ? 0 : 1;
  }

  // ---- crashes ----------------------------------------------------------------------------------

  private void arm(Crash what, int events) throws Exception {
    settleCrash();
    crash = what;
    eventsToCrash = events;
    roundsToCrash = CRASH_WITHIN_ROUNDS;
  }

  /** A crash that has not come yet comes now. */
  private void settleCrash() throws Exception {
    if (crash != Crash.NONE) {
      strike();
      afterCrash();
    }
  }

  private void kernelEvent() {
    if (crash != Crash.NONE && !stopping && eventsToCrash-- == 0) {
      strike();
    }
  }

  /** The server is no more: what it does until its round ends is forgotten. */
  private void strike() {
    if (!struck) {
      struck = true;
      world.die();
    }
  }

  private void afterCrash() throws Exception {
    Crash what = crash;
    crash = Crash.NONE;
    struck = false;
    if (world.sawLoss()) {
      reopened.add(++clock);
    }
    failedAt = 0;
    removed = false;
    if (what == Crash.KILL) {
      world.inFlight().forEach(request -> request.repeated = true);
      world.restart(() -> clock);
      tally.kills++;
    } else {
      world.lose();
      kernel.losePower();
      powerOn();
      tally.powerLosses++;
    }
  }

  /** A new guest starts, and reads all there is. */
  private void powerOn() throws Exception {
    world.powerOn(() -> clock);
    await("the session is there", world::isSettled);
    List<Request> before = eraRequests();
    era++;
    long[] found = readAll();
    if (era > 1) {
      Durability durability = new Durability(before, reopened);
      for (int sector = 0; sector < found.length; sector++) {
        durability.check(sector, initial[sector], found[sector]);
      }
      checkRegisters(before);
    }
    initial = found;
  }

  private long[] readAll() throws Exception {
    kernel.calm(true);
    List<Request> all = new ArrayList<>();
    for (int sector = 0; sector < setup.sectors(); sector += Sector.MOST) {
      int id = READ_IDS + reads++;
      submit(new Action.Submit(id, Kind.READ, 0, sector, Sector.MOST, 0));
      all.add(history.getLast());
    }
    drain();
    long[] found = new long[setup.sectors()];
    for (Request request : all) {
      if (!request.succeeded()) {
        throw new Violation(request + " failed on storage that works");
      }
      System.arraycopy(request.read, 0, found, request.what.sector(), request.read.length);
    }
    return found;
  }

  private List<Request> eraRequests() {
    return history.stream().filter(request -> request.era == era).toList();
  }

  private void checkRegisters(List<Request> requests) {
    for (int sector = 0; sector < setup.sectors(); sector++) {
      tally.sectors++;
      tally.unchecked += Linearizability.check(requests, sector, initial[sector]) ? 0 : 1;
    }
  }

  List<Request> history() {
    return history;
  }

  @Override
  public void close() throws BdevException, ControllerException {
    world.close();
  }
}
