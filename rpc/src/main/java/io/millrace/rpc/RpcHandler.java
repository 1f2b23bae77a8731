package io.millrace.rpc;

import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;

/** What a method does. */
@FunctionalInterface
public interface RpcHandler {
  /**
   * Runs the method on the control thread; must not block.
   *
   * @param arguments checked against the method's {@link Param}s, defaults filled in
   * @return the result, completed on any thread, at once or later; or failed with {@link
   *     RpcException}
   * @throws RpcException the call is refused
   */
  CompletionStage<JsonNode> call(Arguments arguments) throws RpcException;
}
