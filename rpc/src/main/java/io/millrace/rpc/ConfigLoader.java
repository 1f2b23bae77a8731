package io.millrace.rpc;

import io.millrace.rpc.ConfigEntry.Call;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a file of SPDK's configuration format against a registry.
 *
 * <p>The file is walked twice in its own order: first the methods that can be called at {@link
 * RpcState#STARTUP}, then, after the subsystems came up, those of {@link RpcState#RUNTIME} only.
 * One that can be called in both runs in the first walk. Names and parameters of the whole file are
 * checked before the first call; the first call that fails ends the load. {@link #check} may be
 * called anywhere, {@link #run} on the control thread.
 */
public final class ConfigLoader implements StartConfiguration {
  private static final Logger log = LoggerFactory.getLogger(ConfigLoader.class);

  private final Path file;
  private final MethodRegistry registry;
  private final List<ConfigEntry> entries;

  private ConfigLoader(Path file, MethodRegistry registry, List<ConfigEntry> entries) {
    this.file = file;
    this.registry = registry;
    this.entries = entries;
  }

  /**
   * Checks what was read; changes nothing.
   *
   * @param subsystems the ones this program has; unknown methods of others are skipped with one
   *     warning, for files are shared between programs
   * @param skippable unknown methods that are skipped as well, though their subsystem is here
   * @throws ConfigException something in the file cannot be right
   */
  public static ConfigLoader check(
      ConfigFile file, MethodRegistry registry, Set<String> subsystems, Set<String> skippable)
      throws ConfigException {
    ConfigLoader loader = new ConfigLoader(file.path(), registry, new ArrayList<>());
    Set<String> skipped = new LinkedHashSet<>();
    for (ConfigEntry entry : file.entries()) {
      loader.check(entry, subsystems, skippable, skipped);
    }
    if (!skipped.isEmpty()) {
      log.warn("{}: skipped what there is not here: {}", file.path(), String.join(", ", skipped));
    }
    return loader;
  }

  private void check(
      ConfigEntry entry, Set<String> subsystems, Set<String> skippable, Set<String> skipped)
      throws ConfigException {
    List<Call> known = new ArrayList<>();
    for (Call call : entry.calls()) {
      RpcMethod method = registry.find(call.method()).orElse(null);
      if (method != null && FrameworkMethods.LIFE_CYCLE.contains(method.name())) {
        throw problem(entry, call, "has no place in a file; remove it");
      } else if (method != null) {
        checkParams(entry, call, method);
        known.add(call);
      } else if (subsystems.contains(entry.subsystem()) && !skippable.contains(call.method())) {
        throw problem(entry, call, "is not known here; remove it (rpc_get_methods lists all)");
      } else {
        skipped.add(call.method());
      }
    }
    ConfigEntry checked = new ConfigEntry(entry.subsystem(), entry.line(), known);
    if (checked.states(registry).isEmpty()) {
      throw problem(entry, known.get(0), "cannot share a batch with a method of another state");
    }
    if (!known.isEmpty()) {
      entries.add(checked);
    }
  }

  private void checkParams(ConfigEntry entry, Call call, RpcMethod method) throws ConfigException {
    try {
      Arguments.check(method, call.params());
    } catch (RpcException e) {
      String detail = e.detail() == null ? e.error() : e.detail();
      String prefix = method.name() + ": ";
      throw problem(
          entry, call, detail.startsWith(prefix) ? detail.substring(prefix.length()) : detail);
    }
  }

  private ConfigException problem(ConfigEntry entry, Call call, String what) {
    return entry.problem(file, call, what);
  }

  /**
   * Makes the calls. On the control thread.
   *
   * @param initialise brings the subsystems up, between the walks
   * @return done, and the registry at {@link RpcState#RUNTIME}; or failed with {@link
   *     ConfigException}, or with what {@code initialise} failed with. What calls before the
   *     failing one made stays.
   */
  public CompletionStage<@Nullable Void> run(Supplier<CompletionStage<@Nullable Void>> initialise) {
    return startup()
        .thenCompose(ignored -> initialise.get())
        .thenCompose(ignored -> runtime())
        .thenRun(registry::enterRuntime)
        .thenApply(ignored -> null);
  }

  /**
   * Makes the calls that can be made before the subsystems are up. On the control thread.
   *
   * @return done; or failed with {@link ConfigException}
   */
  @Override
  public CompletionStage<@Nullable Void> startup() {
    return walk(RpcState.STARTUP);
  }

  /**
   * Makes the other calls, when the subsystems are up and before anybody else can call. On the
   * control thread.
   *
   * @return done; or failed with {@link ConfigException}
   */
  @Override
  public CompletionStage<@Nullable Void> runtime() {
    return walk(RpcState.RUNTIME);
  }

  private CompletionStage<@Nullable Void> walk(RpcState state) {
    CompletionStage<@Nullable Void> done = CompletableFuture.completedStage(null);
    for (ConfigEntry entry : entries) {
      Set<RpcState> states = entry.states(registry);
      boolean first = states.contains(RpcState.STARTUP);
      if (first == (state == RpcState.STARTUP)) {
        done = done.thenCompose(ignored -> runEntry(entry, state));
      }
    }
    return done;
  }

  private CompletionStage<@Nullable Void> runEntry(ConfigEntry entry, RpcState state) {
    List<CompletableFuture<?>> calls = new ArrayList<>();
    for (Call call : entry.calls()) {
      log.debug("{}{}", ConfigReader.at(file, call.line()), call.method());
      calls.add(
          registry
              .call(call.method(), call.params(), state)
              .exceptionallyCompose(t -> CompletableFuture.failedStage(failed(entry, call, t)))
              .toCompletableFuture());
    }
    return CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new))
        .thenApply(ignored -> null);
  }

  private ConfigException failed(ConfigEntry entry, Call call, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    ConfigException problem = problem(entry, call, String.valueOf(cause.getMessage()));
    problem.initCause(cause);
    return problem;
  }
}
