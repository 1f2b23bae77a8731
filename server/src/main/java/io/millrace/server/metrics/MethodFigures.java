package io.millrace.server.metrics;

import io.millrace.reactor.Reactor;
import io.millrace.rpc.MethodRegistry;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntSupplier;
import tools.jackson.databind.JsonNode;

/**
 * Figures by the methods that JSON-RPC's clients call, so that both tell the same; called on the
 * control thread, and not counted among the clients' calls.
 */
final class MethodFigures implements MetricsSource {
  private final MethodRegistry methods;
  private final Reactor control;
  private final IntSupplier clients;

  MethodFigures(MethodRegistry methods, Reactor control, IntSupplier clients) {
    this.methods = methods;
    this.control = control;
    this.clients = clients;
  }

  @Override
  public CompletionStage<Figures> take() {
    CompletableFuture<Figures> taken = new CompletableFuture<>();
    onControl(taken, () -> callAll(taken));
    return taken;
  }

  private void callAll(CompletableFuture<Figures> taken) {
    Map<String, CompletableFuture<JsonNode>> calls = new LinkedHashMap<>();
    for (String method : MetricsPage.METHODS) {
      if (methods.find(method).isPresent()) {
        calls.put(method, methods.call(method, null).toCompletableFuture());
      }
    }
    var _ =
        CompletableFuture.allOf(calls.values().toArray(CompletableFuture[]::new))
            .whenComplete((_, failure) -> {
              if (failure != null) {
                taken.completeExceptionally(failure);
              } else {
                onControl(taken, () -> taken.complete(together(calls)));
              }
            });
  }

  private Figures together(Map<String, CompletableFuture<JsonNode>> calls) {
    Map<String, JsonNode> results = new LinkedHashMap<>();
    calls.forEach((method, result) -> results.put(method, result.join()));
    return new Figures(
        results, methods.statistics().all(), methods.statistics().inProgress(), clients.getAsInt());
  }

  private void onControl(CompletableFuture<Figures> taken, Runnable task) {
    if (!control.execute(task)) {
      taken.completeExceptionally(new IllegalStateException("the server ends"));
    }
  }
}
