package io.millrace.rpc;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * All methods of a program, by name. Filled before use; after that it and every handler belong to
 * the control thread.
 */
public final class MethodRegistry {
  private static final Logger log = LoggerFactory.getLogger(MethodRegistry.class);

  private final Map<String, RpcMethod> methods = new LinkedHashMap<>();
  private final Map<String, RpcMethod> aliases = new LinkedHashMap<>();
  private final Configuration configuration = new Configuration();
  private final CompletableFuture<@Nullable Void> runtime = new CompletableFuture<>();
  private final CallStatistics statistics = new CallStatistics();
  private RpcState state = RpcState.STARTUP;
  private @Nullable KeptCalls keptCalls;

  /** A registry at {@link RpcState#STARTUP} with the methods that describe it. */
  public MethodRegistry() {
    SelfDescription.addTo(this);
  }

  /** Adds a method; a name or alias taken twice is a mistake in the program. */
  public void add(RpcMethod method) {
    if (find(method.name()).isPresent()) {
      throw new IllegalStateException("method " + method.name() + " is registered twice");
    }
    methods.put(method.name(), method);
    for (String alias : method.aliases()) {
      if (find(alias).isPresent()) {
        throw new IllegalStateException("method " + alias + " is registered twice");
      }
      aliases.put(alias, method);
    }
  }

  /** The method of that name or alias. */
  public Optional<RpcMethod> find(String name) {
    RpcMethod method = methods.get(name);
    return Optional.ofNullable(method != null ? method : aliases.get(name));
  }

  /** All methods in the order they were added. */
  public Collection<RpcMethod> methods() {
    return Collections.unmodifiableCollection(methods.values());
  }

  /** All aliases with what they stand for. */
  public Map<String, RpcMethod> aliases() {
    return Collections.unmodifiableMap(aliases);
  }

  /** What has been configured by its methods. */
  public Configuration configuration() {
    return configuration;
  }

  /**
   * From here on, calls that configure something are made when it can be kept, and answered when it
   * is.
   *
   * @param control runs at once when on the control thread already
   */
  public void keepBy(ConfigurationKeeper keeper, Executor control) {
    keptCalls = new KeptCalls(keeper, control);
  }

  /** What clients have called. */
  public CallStatistics statistics() {
    return statistics;
  }

  /** Which methods can be called now. */
  public RpcState state() {
    return state;
  }

  /** The subsystems are up; from here {@link RpcState#RUNTIME} methods can be called. */
  public void enterRuntime() {
    state = RpcState.RUNTIME;
    runtime.complete(null);
  }

  /** Complete at {@link RpcState#RUNTIME}. */
  public CompletionStage<@Nullable Void> whenRuntime() {
    return runtime.minimalCompletionStage();
  }

  /**
   * Calls a method on the control thread.
   *
   * @param params null or a JSON null for none
   * @return the result, or a failure with {@link RpcException}; it never fails otherwise
   */
  public CompletionStage<JsonNode> call(String name, @Nullable JsonNode params) {
    RpcMethod method = find(name).orElse(null);
    KeptCalls kept = keptCalls;
    if (kept == null || method == null) {
      return call(name, params, state);
    }
    try {
      refuseWrongState(method, state);
      Arguments.check(method, params); // what is wrong with it does not wait for a disk
    } catch (RpcException refused) {
      return CompletableFuture.failedStage(refused);
    }
    return method.configures()
        ? kept.change(params, () -> call(name, params, state))
        : kept.query(() -> call(name, params, state));
  }

  /**
   * The same in another state, and whether it can be kept or not: for what is configured while the
   * subsystems come up.
   */
  public CompletionStage<JsonNode> call(String name, @Nullable JsonNode params, RpcState in) {
    Optional<RpcMethod> found = find(name);
    if (found.isEmpty()) {
      return CompletableFuture.failedStage(
          new RpcException(
              RpcException.METHOD_NOT_FOUND,
              "Method not found",
              "no method " + name + "; rpc_get_methods lists them"));
    }
    RpcMethod method = found.get();
    log.debug("{} {}", name, params);
    try {
      refuseWrongState(method, in);
      return method
          .handler()
          .call(Arguments.check(method, params))
          .exceptionallyCompose(t -> CompletableFuture.failedStage(asRpcException(method, t)));
    } catch (RpcException refused) {
      return CompletableFuture.failedStage(refused);
    } catch (RuntimeException defect) {
      return CompletableFuture.failedStage(asRpcException(method, defect));
    }
  }

  private static void refuseWrongState(RpcMethod method, RpcState in) throws RpcException {
    if (!method.states().contains(in)) {
      throw wrongState(method.name(), in);
    }
  }

  /** The refusal of a method that cannot be called now, in SPDK's words. */
  static RpcException wrongState(String method, RpcState now) {
    return now == RpcState.STARTUP
        ? new RpcException(
            RpcException.INVALID_STATE,
            "Method may only be called after framework is initialized using"
                + " framework_start_init RPC.",
            method + ": the server waits for that call, or is at it; framework_wait_init waits")
        : new RpcException(
            RpcException.INVALID_STATE,
            "Method may only be called before framework is initialized. Use --wait-for-rpc command"
                + " line parameter and then issue this RPC before the framework_start_init RPC.",
            method + ": or put it into the configuration file (-c)");
  }

  private static RpcException asRpcException(RpcMethod method, Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof java.util.concurrent.CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof RpcException known) {
      return known;
    }
    log.error("{} failed by a defect of Millrace: {}", method.name(), cause.toString(), cause);
    return new RpcException(
        RpcException.INTERNAL_ERROR, "Internal error", method.name() + ": " + cause);
  }
}
