package io.millrace.rpc.state;

import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcMethod;
import io.millrace.rpc.RpcState;
import io.millrace.rpc.StartConfiguration;
import io.millrace.rpc.state.ConfigurationJournal.Failed;
import io.netty.channel.EventLoop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes again what a store has, in the order in which it was made first; or, if the store has no
 * configuration, what a file says, which then is the store's. From then on every change is kept.
 *
 * <p>What the store has and cannot be made takes nothing else down: it is said, one line each, and
 * stays in the store. Control thread.
 */
public final class JournaledStart implements StartConfiguration {
  private static final Logger LOG = LoggerFactory.getLogger(JournaledStart.class);

  private final ConfigurationJournal journal;
  private final MethodRegistry methods;
  private final @Nullable StartConfiguration seed;
  private final EventLoop loop;
  private final Executor control;
  private final boolean restored;

  /**
   * Of a journal that does not follow yet.
   *
   * @param seed for a store without configuration; null for none
   * @param loop the control thread's
   */
  public JournaledStart(
      ConfigurationJournal journal,
      MethodRegistry methods,
      @Nullable StartConfiguration seed,
      EventLoop loop) {
    this.journal = journal;
    this.methods = methods;
    this.seed = seed;
    this.loop = loop;
    control = this::runOnLoop;
    restored = journal.hasConfiguration();
  }

  private void runOnLoop(Runnable task) {
    if (loop.inEventLoop()) {
      task.run();
    } else {
      loop.execute(task);
    }
  }

  @Override
  public CompletionStage<@Nullable Void> startup() {
    return restored || seed == null ? walk(RpcState.STARTUP) : seed.startup();
  }

  /**
   * As declared; and completes when what is configured is durable.
   *
   * @return fails only if the seed does, or cannot be kept: what is there already is served,
   *     whatever becomes of later changes
   */
  @Override
  public CompletionStage<@Nullable Void> runtime() {
    CompletionStage<@Nullable Void> made =
        restored || seed == null ? walk(RpcState.RUNTIME) : seed.runtime();
    return made.thenComposeAsync(ignored -> follow(), control);
  }

  private CompletionStage<@Nullable Void> follow() {
    methods.keepBy(journal, control);
    CompletionStage<@Nullable Void> kept = journal.follow(methods.configuration(), loop);
    return restored ? kept.exceptionally(said -> null) : kept;
  }

  private CompletionStage<@Nullable Void> walk(RpcState state) {
    CompletionStage<@Nullable Void> done = CompletableFuture.completedStage(null);
    for (Configuration.Entry entry : journal.stored()) {
      if (stateOf(entry) == state) {
        done = done.thenComposeAsync(ignored -> make(entry, state), control);
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

  private CompletionStage<@Nullable Void> make(Configuration.Entry entry, RpcState state) {
    return methods
        .call(entry.method(), entry.params(), state)
        .handleAsync(
            (ignored, failure) -> {
              if (failure != null) {
                failed(entry, failure);
              }
              return null;
            },
            control);
  }

  private void failed(Configuration.Entry entry, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    String problem = entry.method() + ": " + cause.getMessage();
    LOG.error(
        "{}: {} is not there: {}; it is tried again at the next start, unless state_forget drops"
            + " it",
        journal.name(),
        entry.id(),
        problem);
    journal.fail(new Failed(entry, problem));
  }
}
