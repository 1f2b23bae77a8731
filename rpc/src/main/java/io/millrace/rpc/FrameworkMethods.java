package io.millrace.rpc;

import io.millrace.rpc.internal.Json;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * SPDK's life cycle, from {@link RpcState#STARTUP} to {@link RpcState#RUNTIME}, and what its
 * save_config and load_config ask a server. Control thread.
 */
public final class FrameworkMethods {
  private static final String START = "framework_start_init";
  private static final String WAIT = "framework_wait_init";

  /** They are for clients: a file's calls are made where these would have an effect. */
  static final Set<String> LIFE_CYCLE = Set.of(START, WAIT);

  /**
   * A part of the program, by SPDK's name.
   *
   * @param dependsOn subsystems that come up before it; each is listed before it
   * @param configured whether there are calls that configure it
   */
  public record Subsystem(String name, List<String> dependsOn, boolean configured) {}

  private final MethodRegistry methods;
  private final List<Subsystem> subsystems;
  private final Supplier<CompletionStage<@Nullable Void>> initialise;
  private boolean started;

  private FrameworkMethods(
      MethodRegistry methods,
      List<Subsystem> subsystems,
      Supplier<CompletionStage<@Nullable Void>> initialise) {
    this.methods = methods;
    this.subsystems = subsystems;
    this.initialise = initialise;
  }

  /**
   * Adds the methods.
   *
   * @param subsystems in the order in which they come up
   * @param initialise brings them up, and the registry to {@link RpcState#RUNTIME}; called once at
   *     most, when a client asks for it. If it fails, the program ends
   */
  public static void addTo(
      MethodRegistry methods,
      List<Subsystem> subsystems,
      Supplier<CompletionStage<@Nullable Void>> initialise) {
    FrameworkMethods self = new FrameworkMethods(methods, List.copyOf(subsystems), initialise);
    methods.add(
        RpcMethod.named(START, "Has a server that waits for it come up (--wait-for-rpc)")
            .states(RpcState.STARTUP)
            .configuresNothing()
            .handledBy(none -> self.start()));
    methods.add(
        RpcMethod.named(WAIT, "Answers when the server is up")
            .states(RpcState.STARTUP, RpcState.RUNTIME)
            .configuresNothing()
            .handledBy(none -> methods.whenRuntime().thenApply(up -> BooleanNode.TRUE)));
    methods.add(
        RpcMethod.named("framework_get_subsystems", "Lists subsystems in the order they come up")
            .badParams(
                RpcException.INVALID_PARAMS, "'framework_get_subsystems' requires no arguments")
            .handledBy(none -> CompletableFuture.completedStage(self.list())));
    methods.add(
        RpcMethod.named("framework_get_config", "Lists the calls that configure a subsystem so")
            .badParams(RpcException.INVALID_PARAMS, "Invalid arguments")
            .param(Param.string("name", "of framework_get_subsystems").required())
            .param(Param.bool("with_batches", "no effect: there are none").orElse(false))
            .handledBy(self::config));
  }

  private CompletionStage<JsonNode> start() throws RpcException {
    if (started) { // it is at it, and takes no more calls of startup
      throw MethodRegistry.wrongState(START, RpcState.RUNTIME);
    }
    started = true;
    return initialise
        .get()
        .<JsonNode>thenApply(up -> BooleanNode.TRUE)
        .exceptionallyCompose(e -> CompletableFuture.failedStage(failed(e)));
  }

  private static RpcException failed(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return new RpcException(
        RpcException.INTERNAL_ERROR, "framework_initialization failed", cause.getMessage());
  }

  private ArrayNode list() {
    ArrayNode all = Json.NODES.arrayNode();
    for (Subsystem subsystem : subsystems) {
      ArrayNode on = all.addObject().put("subsystem", subsystem.name).putArray("depends_on");
      subsystem.dependsOn.forEach(on::add);
    }
    return all;
  }

  private CompletionStage<JsonNode> config(Arguments arguments) throws RpcException {
    String name = arguments.string("name");
    Subsystem subsystem =
        subsystems.stream()
            .filter(one -> one.name.equals(name))
            .findFirst()
            .orElseThrow(() ->
                new RpcException(
                    RpcException.INVALID_PARAMS,
                    "Subsystem '" + name + "' not found",
                    "framework_get_subsystems lists them"));
    return CompletableFuture.completedStage(
        subsystem.configured ? calls(name) : Json.NODES.nullNode());
  }

  /**
   * Options first, as whoever makes the calls again makes them before the subsystems are up: the
   * next list is then the same.
   */
  private ArrayNode calls(String subsystem) {
    ArrayNode calls = Json.NODES.arrayNode();
    methods.configuration().entries().stream()
        .filter(entry -> entry.subsystem().equals(subsystem))
        .sorted(Comparator.comparing(entry -> !isOfStartup(entry)))
        .forEach(entry -> {
          ObjectNode call = calls.addObject().put("method", entry.method());
          if (entry.params() != null) {
            call.set("params", entry.params().deepCopy());
          }
        });
    return calls;
  }

  private boolean isOfStartup(Configuration.Entry entry) {
    return methods
        .find(entry.method())
        .map(method -> method.states().contains(RpcState.STARTUP))
        .orElse(false);
  }
}
