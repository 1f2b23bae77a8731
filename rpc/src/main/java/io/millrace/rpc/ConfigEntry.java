package io.millrace.rpc;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One element of a {@code config} array: a call, or a batch of calls that run side by side.
 *
 * @param subsystem whose configuration it is
 * @param line where it begins in the file, from 1
 * @param calls one, or those of the batch
 */
record ConfigEntry(String subsystem, int line, List<Call> calls) {
  /**
   * One call.
   *
   * @param line where it begins in the file, from 1
   * @param params null when there are none
   */
  record Call(int line, String method, @Nullable JsonNode params) {}

  /** What is wrong with one of the calls, on one line. */
  ConfigException problem(Path file, Call call, String what) {
    return new ConfigException(
        "%ssubsystem %s: %s: %s"
            .formatted(ConfigReader.at(file, call.line()), subsystem, call.method(), what));
  }

  /** When it can run: a batch in a state in which all its methods can. */
  Set<RpcState> states(MethodRegistry registry) {
    Set<RpcState> states = EnumSet.allOf(RpcState.class);
    for (Call call : calls) {
      registry.find(call.method()).ifPresent(method -> states.retainAll(method.states()));
    }
    return states;
  }
}
