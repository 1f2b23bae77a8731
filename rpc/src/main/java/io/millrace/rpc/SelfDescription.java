package io.millrace.rpc;

import static java.util.Locale.ROOT;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The methods by which a registry tells what it has; the parameters as declared, not retold. */
final class SelfDescription {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final MethodRegistry registry;

  private SelfDescription(MethodRegistry registry) {
    this.registry = registry;
  }

  static void addTo(MethodRegistry registry) {
    SelfDescription self = new SelfDescription(registry);
    registry.add(
        RpcMethod.named("rpc_get_methods", "Lists the names of the methods")
            .states(RpcState.STARTUP, RpcState.RUNTIME)
            .param(Param.bool("current", "only those callable in the current state").orElse(false))
            .param(Param.bool("include_aliases", "older names too").orElse(false))
            .handledBy(self::names));
    registry.add(
        RpcMethod.named("rpc_describe_methods", "Describes methods and their parameters")
            .ours()
            .states(RpcState.STARTUP, RpcState.RUNTIME)
            .param(Param.string("name", "only this method"))
            .configuresNothing()
            .handledBy(self::describe));
  }

  private CompletionStage<JsonNode> names(Arguments arguments) {
    ArrayNode names = NODES.arrayNode();
    Stream<RpcMethod> methods = registry.methods().stream();
    if (arguments.bool("current")) {
      methods = methods.filter(m -> m.states().contains(registry.state()));
    }
    methods.forEach(m -> {
      names.add(m.name());
      if (arguments.bool("include_aliases")) {
        m.aliases().forEach(names::add);
      }
    });
    return CompletableFuture.completedStage(names);
  }

  private CompletionStage<JsonNode> describe(Arguments arguments) throws RpcException {
    ArrayNode all = NODES.arrayNode();
    if (arguments.has("name")) {
      String name = arguments.string("name");
      all.add(
          describe(
              registry
                  .find(name)
                  .orElseThrow(() ->
                      new RpcException(
                          RpcException.INVALID_PARAMS,
                          "Invalid parameters",
                          "no method " + name + "; rpc_get_methods lists them"))));
    } else {
      registry.methods().forEach(m -> all.add(describe(m)));
    }
    return CompletableFuture.completedStage(all);
  }

  private static ObjectNode describe(RpcMethod method) {
    ObjectNode node = NODES.objectNode();
    node.put("name", method.name());
    node.put("description", method.help());
    node.put("spdk", !method.isOurs());
    ArrayNode states = node.putArray("states");
    method.states().stream().sorted().forEach(state -> states.add(state.name().toLowerCase(ROOT)));
    if (!method.aliases().isEmpty()) {
      ArrayNode aliases = node.putArray("aliases");
      method.aliases().stream().sorted().forEach(aliases::add);
    }
    RpcException refusal =
        method.params().isEmpty() ? method.takesNoParams() : method.badParams("wrong");
    node.putObject("wrong_params").put("code", refusal.code()).put("message", refusal.error());
    ArrayNode params = node.putArray("params");
    for (Param param : method.params()) {
      ObjectNode entry = params.addObject();
      entry.put("name", param.name());
      entry.put("type", param.typeName());
      entry.put("required", param.isRequired());
      entry.put("description", param.help());
      entry.put("accepts", param.accepts());
      param.defaultValue().ifPresent(v -> entry.set("default", v));
    }
    return node;
  }
}
