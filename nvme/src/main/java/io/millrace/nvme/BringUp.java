package io.millrace.nvme;

import io.millrace.nvme.NvmeException.Kind;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * From whatever state a controller is in to one that takes commands (base 2.0 §3.5.1), step by
 * step. Home reactor.
 */
final class BringUp {
  private static final long SLOW_STATUS_MILLIS = 2300;
  private static final long LEAST_MILLIS = 2000; // some say 500 and take longer
  private static final long SHUTDOWN_MILLIS = 10_000;
  private static final int VERSION_1_1 = 0x10100;

  private final String name;
  private final ControllerRegisters registers;
  private final RegisterWait wait;
  private final AdminQueue admin;
  private final Set<Quirk> quirks;
  private final int pageShift;

  BringUp(
      String name,
      ControllerRegisters registers,
      RegisterWait wait,
      AdminQueue admin,
      Set<Quirk> quirks,
      int pageShift) {
    this.name = name;
    this.registers = registers;
    this.wait = wait;
    this.admin = admin;
    this.quirks = quirks;
    this.pageShift = pageShift;
  }

  private long readyMillis() {
    return Math.max(LEAST_MILLIS, registers.readyMillis());
  }

  /** Stops the controller: complete when it uses no memory any more. */
  CompletableFuture<@Nullable Void> stop() {
    int status = registers.status();
    if (status == ControllerRegisters.GONE) {
      return CompletableFuture.failedFuture(RegisterWait.gone(name));
    }
    boolean starting =
        registers.isEnabled()
            && !ControllerRegisters.isReady(status)
            && !ControllerRegisters.isFatal(status);
    // It may not be stopped while it starts: §3.5.1. One that never gets there is stopped all the
    // same.
    CompletableFuture<@Nullable Void> settled =
        starting
            ? wait.until(
                    s -> ControllerRegisters.isReady(s) || ControllerRegisters.isFatal(s),
                    readyMillis(),
                    "ready")
                .exceptionallyCompose(
                    e -> isTimeout(e) ? done() : CompletableFuture.failedFuture(e))
            : done();
    return settled.thenCompose(ready -> disable());
  }

  private CompletableFuture<@Nullable Void> disable() {
    registers.disable();
    CompletableFuture<@Nullable Void> look =
        quirks.contains(Quirk.SLOW_STATUS) ? wait.pause(SLOW_STATUS_MILLIS) : done();
    return look.thenCompose(
        now -> wait.until(s -> !ControllerRegisters.isReady(s), readyMillis(), "stopped"));
  }

  /** Starts the stopped controller with an empty admin queue. */
  CompletableFuture<@Nullable Void> start(boolean interrupts) {
    QueueRings rings = admin.rings();
    rings.reset();
    registers.adminQueue(rings.submissionsIova(), rings.completionsIova(), rings.entries());
    registers.enable(pageShift);
    return wait.until(
            s -> ControllerRegisters.isReady(s) || ControllerRegisters.isFatal(s),
            readyMillis(),
            "ready")
        .thenCompose(settled -> {
          if (ControllerRegisters.isFatal(registers.status())) {
            return CompletableFuture.failedFuture(
                new NvmeException(Kind.PROTOCOL, name + ": fatal status while it started"));
          }
          admin.attach(interrupts);
          return done();
        });
  }

  /** Asks the controller what it is. */
  CompletableFuture<ControllerData> identify() {
    boolean hasCommandSetPart = registers.version() >= VERSION_1_1 && registers.hasCommandSetList();
    return admin
        .require("identify controller", NvmeCommands.identify(NvmeCommands.CNS_CONTROLLER, 0, 0))
        .thenCompose(controller ->
            commandSet(hasCommandSetPart, NvmeCommands.CSI_NVM)
                .thenApply(nvm ->
                    ControllerData.of(
                        controller.data(), nvm, 1L << registers.minPageShift(), quirks)));
  }

  /** The controller as a command set sees it; zeroes if it does not say. */
  private CompletableFuture<byte[]> commandSet(boolean known, int commandSet) {
    if (!known) {
      return CompletableFuture.completedFuture(new byte[NvmeCommands.IDENTIFY_BYTES]);
    }
    return admin
        .send(NvmeCommands.identify(NvmeCommands.CNS_COMMAND_SET_CONTROLLER, 0, commandSet))
        .thenApply(NvmeResult::data); // zeroes when it was refused
  }

  /**
   * Agrees on I/O queue pairs.
   *
   * @param wanted how many
   * @return how many there may be, 1 or more
   */
  CompletableFuture<Integer> queues(int wanted) {
    int last = wanted - 1;
    return admin
        .require(
            "number of queues",
            NvmeCommands.setFeature(NvmeCommands.FEATURE_QUEUES, 0, last << 16 | last, false))
        .thenApply(result -> {
          int granted =
              (int) Math.min(result.result() & 0xffff, result.result() >>> 16 & 0xffff) + 1;
          return Math.min(wanted, granted);
        });
  }

  /**
   * Shuts the controller down in order, so that it need not recover.
   *
   * @param millis how long it says that it takes
   */
  CompletableFuture<@Nullable Void> shutDown(long millis) {
    registers.shutDown();
    return wait.until(
        ControllerRegisters::isShutDown, Math.max(SHUTDOWN_MILLIS, millis), "shut down");
  }

  private static boolean isTimeout(Throwable e) {
    return NvmeException.cause(e) instanceof NvmeException known && known.kind() == Kind.TIMEOUT;
  }

  static CompletableFuture<@Nullable Void> done() {
    return CompletableFuture.completedFuture(null);
  }
}
