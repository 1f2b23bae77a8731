package io.millrace.nvme;

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

  void add(ErrorInjection injection) {
    byOpcode.put(injection.opcode(), new Left(injection));
  }

  void remove(int opcode) {
    byOpcode.remove(opcode);
  }

  boolean isEmpty() {
    return byOpcode.isEmpty();
  }

  /** What a command that is about to be sent shall end with instead; null to send it. */
  @Nullable ErrorInjection withheld(NvmeRequest request) {
    return take(request, true);
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
