package io.millrace.rpc.state;

import io.millrace.linux.Errno;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.rpc.RpcState;
import io.millrace.rpc.internal.Json;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A server of things, kept in a directory: {@code make} makes one, on top of another if it is told
 * so; {@code drop} deletes one and those on top; {@code things_get_all} lists them. Things whose
 * names are in {@link #unmakable} cannot be made.
 */
final class KeptRig implements AutoCloseable {
  private static final long DEADLINE_SECONDS = 20;

  final MethodRegistry methods = new MethodRegistry();
  final ConfigurationJournal journal;
  private final StateStore store;
  private final EventLoop thread = new DefaultEventLoop();
  private final Map<String, String> things = new LinkedHashMap<>(); // to what they stand on
  private final List<String> unmakable;

  private KeptRig(StateStore store, List<String> unmakable) throws StateException {
    this.store = store;
    this.unmakable = unmakable;
    journal = ConfigurationJournal.of("--state d", store);
    methods.add(
        RpcMethod.named("option", "Sets a number")
            .states(RpcState.STARTUP, RpcState.RUNTIME)
            .param(Param.uint32("value", "the number").required())
            .handledBy(a -> {
              methods.configuration().put("things", "option", "option", a.asCalled());
              return CompletableFuture.completedStage(Json.NODES.booleanNode(true));
            }));
    methods.add(
        RpcMethod.named("make", "Makes a thing")
            .param(Param.string("name", "its name").required())
            .param(Param.string("on", "what it stands on").orElse(""))
            .param(Param.string("text", "anything").orElse(""))
            .handledBy(a -> make(a.string("name"), a.string("on"), a.asCalled())));
    methods.add(
        RpcMethod.named("drop", "Deletes a thing")
            .param(Param.string("name", "its name").required())
            .handledBy(a -> drop(a.string("name"))));
    methods.add(
        RpcMethod.named("things_get_all", "Lists things")
            .handledBy(a ->
                CompletableFuture.completedStage(
                    Json.NODES.stringNode(things.keySet().toString()))));
    StateMethods.addTo(methods, journal);
  }

  /** Starts it on what is in the directory. */
  static KeptRig start(Path directory, StateFile.Opener disk, String... unmakable)
      throws Exception {
    KeptRig rig = new KeptRig(StateStore.open(directory, disk), List.of(unmakable));
    JournaledStart start = new JournaledStart(rig.journal, rig.methods, null, rig.thread);
    rig.on(start::startup);
    rig.on(start::runtime);
    rig.methods.enterRuntime();
    return rig;
  }

  private CompletionStage<JsonNode> make(String name, String on, ObjectNode params)
      throws RpcException {
    if (unmakable.contains(name)) {
      throw RpcException.of(Errno.ENOENT, name + " is missing");
    }
    if (things.containsKey(name) || !(on.isEmpty() || things.containsKey(on))) {
      throw RpcException.of(things.containsKey(name) ? Errno.EEXIST : Errno.ENODEV, name);
    }
    things.put(name, on);
    methods.configuration().put("things", "thing/" + name, "make", params);
    return CompletableFuture.completedStage(Json.NODES.booleanNode(true));
  }

  private CompletionStage<JsonNode> drop(String name) throws RpcException {
    if (things.remove(name) == null) {
      throw RpcException.of(Errno.ENODEV, "there is no " + name);
    }
    vanish(name);
    return CompletableFuture.completedStage(Json.NODES.booleanNode(true));
  }

  /** It goes, as if it was unplugged, and what stands on it. */
  void vanish(String name) {
    things.remove(name);
    for (String upper : List.copyOf(things.keySet())) {
      if (name.equals(things.get(upper))) {
        vanish(upper);
      }
    }
    methods.configuration().remove("thing/" + name);
  }

  /** Runs something on the control thread and waits for its stage. */
  <T extends @Nullable Object> T on(Callable<CompletionStage<T>> task) throws Exception {
    return thread
        .submit(task)
        .get(DEADLINE_SECONDS, TimeUnit.SECONDS)
        .toCompletableFuture()
        .get(DEADLINE_SECONDS, TimeUnit.SECONDS);
  }

  /** Begins a call; its stage completes on the control thread. */
  CompletableFuture<JsonNode> begin(String method, String params) {
    JsonNode read = Json.WIRE.readTree(params);
    @Nullable JsonNode given = read.isEmpty() ? null : read;
    CompletableFuture<JsonNode> result = new CompletableFuture<>();
    thread.execute(() ->
        methods
            .call(method, given)
            .whenComplete((value, failure) -> {
              if (failure != null) {
                result.completeExceptionally(failure);
              } else {
                result.complete(value);
              }
            }));
    return result;
  }

  /** Makes a call; its error, or its result, as text. */
  String call(String method, String params) throws Exception {
    CompletableFuture<JsonNode> running = begin(method, params);
    try {
      return running.get(DEADLINE_SECONDS, TimeUnit.SECONDS).asString();
    } catch (ExecutionException e) {
      return e.getCause() instanceof RpcException known
          ? known.code() + " " + known.getMessage()
          : String.valueOf(e.getCause());
    }
  }

  /** What there is, in its order. */
  String things() throws Exception {
    return call("things_get_all", "{}");
  }

  /** The ids of what the directory has, in its order. */
  static List<String> kept(Path directory) throws StateException {
    return StoredConfiguration.read(directory).stream().map(Configuration.Entry::id).toList();
  }

  @Override
  public void close() {
    thread.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
    store.close();
  }
}
