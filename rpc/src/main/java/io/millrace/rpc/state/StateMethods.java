package io.millrace.rpc.state;

import io.millrace.linux.Errno;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.rpc.internal.Json;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Methods about what the state directory has and the server could not make. Control thread. */
public final class StateMethods {
  private final ConfigurationJournal journal;

  private StateMethods(ConfigurationJournal journal) {
    this.journal = journal;
  }

  /** Adds {@code state_get_failed} and {@code state_forget}. */
  public static void addTo(MethodRegistry methods, ConfigurationJournal journal) {
    StateMethods state = new StateMethods(journal);
    methods.add(
        RpcMethod.named(
                "state_get_failed", "Lists what the state directory has and could not be made")
            .ours()
            .handledBy(none -> CompletableFuture.completedStage(state.failed())));
    methods.add(
        RpcMethod.named("state_forget", "Drops what could not be made from the state directory")
            .ours()
            .param(Param.string("id", "one that state_get_failed lists").required())
            .handledBy(state::forget));
  }

  private ArrayNode failed() {
    ArrayNode all = Json.NODES.arrayNode();
    for (ConfigurationJournal.Failed each : journal.failed()) {
      Configuration.Entry entry = each.entry();
      ObjectNode node = all.addObject();
      node.put("id", entry.id()).put("method", entry.method());
      node.set("params", entry.params());
      node.put("problem", each.problem());
    }
    return all;
  }

  private CompletionStage<JsonNode> forget(Arguments arguments) throws RpcException {
    String id = arguments.string("id");
    if (!journal.forget(id)) {
      throw RpcException.of(
          Errno.ENOENT,
          id
              + " is nothing that could not be made; state_get_failed lists that, and what is there"
              + " is deleted by its own method");
    }
    return CompletableFuture.completedStage(Json.NODES.booleanNode(true));
  }
}
