package io.millrace.rpc;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Calls that begin when what they configure can be kept, and are answered when it is. They begin in
 * the order in which they came, those that configure nothing too: who asks after a change sees it.
 * Control thread.
 */
final class KeptCalls {
  /** What a call's entries have beside its parameters; removals take less. */
  private static final long ENTRY_BYTES = 2048;

  private final class Waiting {
    final Supplier<CompletionStage<JsonNode>> call;
    final CompletableFuture<JsonNode> result = new CompletableFuture<>();
    final long reserved;
    boolean ready;
    @Nullable Throwable refusal;

    Waiting(Supplier<CompletionStage<JsonNode>> call, long reserved) {
      this.call = call;
      this.reserved = reserved;
    }

    void begin() {
      if (refusal != null) {
        result.completeExceptionally(refusal);
      } else if (reserved == 0) {
        call.get().whenComplete(this::answer);
      } else {
        call.get().whenCompleteAsync(this::done, control);
      }
    }

    /** What a call that failed did nevertheless is kept as well. */
    private void done(@Nullable JsonNode value, @Nullable Throwable failure) {
      keeper
          .commit(reserved)
          .whenCompleteAsync(
              (ignored, lost) -> answer(value, failure != null ? failure : lost), control);
    }

    private void answer(@Nullable JsonNode value, @Nullable Throwable failure) {
      if (failure != null) {
        result.completeExceptionally(failure);
      } else {
        result.complete(value);
      }
    }
  }

  private final ConfigurationKeeper keeper;
  private final Executor control;
  private final Deque<Waiting> waiting = new ArrayDeque<>();

  /**
   * Calls of one registry.
   *
   * @param control runs at once when on the control thread already
   */
  KeptCalls(ConfigurationKeeper keeper, Executor control) {
    this.keeper = keeper;
    this.control = control;
  }

  /** A call that configures nothing. */
  CompletionStage<JsonNode> query(Supplier<CompletionStage<JsonNode>> call) {
    if (waiting.isEmpty()) {
      return call.get();
    }
    Waiting last = new Waiting(call, 0);
    last.ready = true;
    waiting.add(last);
    return last.result;
  }

  /** A call that configures. */
  CompletionStage<JsonNode> change(
      @Nullable JsonNode params, Supplier<CompletionStage<JsonNode>> call) {
    long bytes = ENTRY_BYTES + (params == null ? 0 : 2L * params.toString().length());
    Waiting last = new Waiting(call, bytes);
    waiting.add(last);
    var _ =
        keeper
            .reserve(bytes)
            .whenCompleteAsync(
                (ignored, refused) -> {
                  last.refusal = refused;
                  last.ready = true;
                  beginThoseReady();
                },
                control);
    return last.result;
  }

  private void beginThoseReady() {
    while (!waiting.isEmpty() && waiting.element().ready) {
      waiting.remove().begin();
    }
  }
}
