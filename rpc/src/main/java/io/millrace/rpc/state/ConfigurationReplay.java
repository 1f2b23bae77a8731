package io.millrace.rpc.state;

import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcMethod;
import io.millrace.rpc.RpcState;
import io.millrace.rpc.state.ConfigurationJournal.Failed;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes again what a store has. What cannot be made takes nothing else down: it is said, one line
 * each, and stays in the store. Control thread.
 */
public final class ConfigurationReplay {
  private static final Logger LOG = LoggerFactory.getLogger(ConfigurationReplay.class);

  private final ConfigurationJournal journal;
  private final MethodRegistry methods;

  /** Of a journal that does not follow yet. */
  public ConfigurationReplay(ConfigurationJournal journal, MethodRegistry methods) {
    this.journal = journal;
    this.methods = methods;
  }

  /**
   * Makes the calls, in the order in which they were made first: those that can be made at {@link
   * RpcState#STARTUP}, and, after the subsystems came up, the others.
   *
   * @param initialise brings the subsystems up
   * @return done; fails only as {@code initialise} does
   */
  public CompletionStage<@Nullable Void> run(Supplier<CompletionStage<@Nullable Void>> initialise) {
    return walk(RpcState.STARTUP)
        .thenCompose(ignored -> initialise.get())
        .thenCompose(ignored -> {
          methods.enterRuntime();
          return walk(RpcState.RUNTIME);
        });
  }

  private CompletionStage<@Nullable Void> walk(RpcState state) {
    CompletionStage<@Nullable Void> done = CompletableFuture.completedStage(null);
    for (Configuration.Entry entry : journal.stored()) {
      if (stateOf(entry) == state) {
        done = done.thenCompose(ignored -> make(entry));
      }
    }
    return done;
  }

  private RpcState stateOf(Configuration.Entry entry) {
    boolean early =
        methods
            .find(entry.method())
            .map(RpcMethod::states)
            .filter(states -> states.contains(RpcState.STARTUP))
            .isPresent();
    return early ? RpcState.STARTUP : RpcState.RUNTIME;
  }

  private CompletionStage<@Nullable Void> make(Configuration.Entry entry) {
    return methods
        .call(entry.method(), entry.params())
        .handle((ignored, failure) -> {
          if (failure != null) {
            failed(entry, failure);
          }
          return null;
        });
  }

  private void failed(Configuration.Entry entry, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    String problem = entry.method() + ": " + cause.getMessage();
    LOG.error(
        "{}: {} is not there: {}; it is tried again at the next start, unless state_forget drops it",
        journal.name(),
        entry.id(),
        problem);
    journal.fail(new Failed(entry, problem));
  }
}
