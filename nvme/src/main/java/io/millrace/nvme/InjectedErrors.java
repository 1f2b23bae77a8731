package io.millrace.nvme;

import io.millrace.reactor.Reactor;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The errors that are to be injected into one queue pair, by opcode. One thread. */
final class InjectedErrors {
  private static final int OPCODE_MASK = 0xff;

  private static final class Left {
    final ErrorInjection injection;
    int count;

    Left(ErrorInjection injection) {
      this.injection = injection;
      this.count = injection.count();
    }
  }

  private final Map<Integer, Left> byOpcode = new HashMap<>();

  /**
   * The errors after a change.
   *
   * @param before null for none
   * @param injection null for none of that opcode any more
   * @return null for none
   */
  static @Nullable InjectedErrors changed(
      @Nullable InjectedErrors before, @Nullable ErrorInjection injection, int opcode) {
    InjectedErrors all = before == null ? new InjectedErrors() : before;
    if (injection == null) {
      all.byOpcode.remove(opcode);
    } else {
      all.byOpcode.put(opcode, new Left(injection));
    }
    return all.byOpcode.isEmpty() ? null : all;
  }

  /** Whether the controller shall not get a command: then it ends by itself after a while. */
  boolean withhold(NvmeRequest request, Reactor reactor) {
    ErrorInjection instead = take(request, true);
    if (instead == null) {
      return false;
    }
    request.state = NvmeRequest.State.WAITING;
    var _ =
        reactor.schedule(
            instead.delayNanos(), () -> PendingRequests.endUnsent(request, instead.status()));
    return true;
  }

  /** The status that a command shall have had. */
  int status(NvmeRequest request, int real) {
    ErrorInjection injection = take(request, false);
    return injection == null ? real : injection.status();
  }

  private @Nullable ErrorInjection take(NvmeRequest request, boolean withheld) {
    Left left = byOpcode.get(request.opcode & OPCODE_MASK);
    if (left == null || left.injection.withhold() != withheld) {
      return null;
    }
    left.count--;
    if (left.count <= 0) {
      byOpcode.remove(left.injection.opcode());
    }
    return left.injection;
  }
}
