package io.millrace.nvme;

import io.millrace.nvme.NvmeException.Kind;
import io.millrace.reactor.Reactor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Waits for what a controller's status is to say, without keeping its reactor. */
final class RegisterWait {
  private static final long LOOK_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final Reactor home;
  private final ControllerRegisters registers;
  private final String name;

  RegisterWait(Reactor home, ControllerRegisters registers, String name) {
    this.home = home;
    this.registers = registers;
    this.name = name;
  }

  /**
   * Waits for a status.
   *
   * @param millis at most
   * @param what for the message if it never comes
   * @return fails with GONE or TIMEOUT
   */
  CompletableFuture<@Nullable Void> until(IntPredicate wanted, long millis, String what) {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    look(wanted, home.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis), millis, what, done);
    return done;
  }

  /** Complete after a time. */
  CompletableFuture<@Nullable Void> pause(long millis) {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    var _ = home.schedule(TimeUnit.MILLISECONDS.toNanos(millis), () -> done.complete(null));
    return done;
  }

  private void look(
      IntPredicate wanted,
      long deadline,
      long millis,
      String what,
      CompletableFuture<@Nullable Void> done) {
    int status = registers.status();
    if (status == ControllerRegisters.GONE) {
      done.completeExceptionally(gone(name));
    } else if (wanted.test(status)) {
      done.complete(null);
    } else if (home.nanoTime() - deadline >= 0) {
      done.completeExceptionally(
          new NvmeException(
              Kind.TIMEOUT,
              String.format(
                  "%s: not %s within %d ms, its status is %x", name, what, millis, status)));
    } else {
      var _ = home.schedule(LOOK_EVERY_NANOS, () -> look(wanted, deadline, millis, what, done));
    }
  }

  static NvmeException gone(String name) {
    return new NvmeException(Kind.GONE, name + ": the device is gone");
  }
}
