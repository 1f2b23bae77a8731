package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.linux.Errno;
import io.millrace.linux.RandomUuid;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/** What all bdev methods share, and those that are of no single module. Control thread. */
public final class BdevMethods {
  private static final long LOOK_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final BdevRegistry bdevs;
  private final Reactor control;
  private final Configuration configuration;

  private BdevMethods(BdevRegistry bdevs, Reactor control, Configuration configuration) {
    this.bdevs = bdevs;
    this.control = control;
    this.configuration = configuration;
  }

  /**
   * Adds every method of the block layer.
   *
   * @param control the control thread's reactor, for waiting
   */
  public static void addTo(MethodRegistry methods, BdevRegistry bdevs, Reactor control) {
    BdevMethods self = new BdevMethods(bdevs, control, methods.configuration());
    bdevs.addWatcher(new ConfiguredBdevs(methods.configuration()));
    self.addGetBdevs(methods);
    new LayerMethods(bdevs, methods.configuration()).addTo(methods);
    new QueueDepthMethods(self, methods.configuration()).addTo(methods);
    new IostatMethods(self, control).addTo(methods);
    new HistogramMethods(self, methods.configuration()).addTo(methods);
    new MemoryDiskMethods(self).addTo(methods);
    new FileDiskMethods(self).addTo(methods);
    new PassthruMethods(self).addTo(methods);
    new DelayMethods(self).addTo(methods);
    new ErrorMethods(self).addTo(methods);
    new SplitMethods(self).addTo(methods);
    new QosMethods(self, methods.configuration()).addTo(methods);
  }

  /** A method that answers wrong parameters as SPDK's bdev modules do. */
  RpcMethod.Builder method(String name, String help) {
    return RpcMethod.named(name, help)
        .badParams(RpcException.INTERNAL_ERROR, "spdk_json_decode_object failed");
  }

  private void addGetBdevs(MethodRegistry methods) {
    methods.add(
        method("bdev_get_bdevs", "Lists block devices")
            .param(Param.string("name", "only this one: its name or UUID"))
            .param(
                Param.integer(
                        "timeout",
                        0,
                        TimeUnit.DAYS.toMillis(1),
                        "milliseconds to wait for a bdev of that name to appear")
                    .orElse(0))
            .handledBy(this::getBdevs));
  }

  private CompletionStage<JsonNode> getBdevs(Arguments arguments) {
    if (!arguments.has("name")) {
      ArrayNode all = JsonNodeFactory.instance.arrayNode();
      bdevs.all().forEach(bdev -> BdevInfo.describe(bdevs, bdev, all.addObject()));
      return CompletableFuture.completedStage(all);
    }
    CompletableFuture<JsonNode> found = new CompletableFuture<>();
    long timeout = TimeUnit.MILLISECONDS.toNanos(arguments.integer("timeout"));
    lookFor(arguments.string("name"), control.nanoTime() + timeout, timeout > 0, found);
    return found;
  }

  /** {@code waited}: whether the caller gave it time, as SPDK answers another errno then. */
  private void lookFor(
      String name, long deadline, boolean waited, CompletableFuture<JsonNode> found) {
    try {
      Bdev bdev = bdevs.get(name);
      ArrayNode one = JsonNodeFactory.instance.arrayNode();
      BdevInfo.describe(bdevs, bdev, one.addObject());
      found.complete(one);
    } catch (BdevException e) {
      if (control.nanoTime() - deadline >= 0) {
        found.completeExceptionally(
            waited ? RpcException.of(Errno.ETIMEDOUT, e.getMessage()) : BdevErrors.of(e));
      } else {
        var _ = control.schedule(LOOK_EVERY_NANOS, () -> lookFor(name, deadline, true, found));
      }
    }
  }

  /** Makes a bdev, registers it, records the call and answers its name. */
  CompletionStage<JsonNode> create(Arguments arguments, Maker maker) throws RpcException {
    Bdev bdev;
    try {
      bdev = maker.make();
      bdevs.register(bdev);
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    } catch (IllegalArgumentException e) {
      throw RpcException.of(Errno.EINVAL, e.getMessage());
    }
    ObjectNode meant = JsonNodeFactory.instance.objectNode();
    meant.put("name", bdev.name());
    meant.put("uuid", bdev.properties().uuid().toString());
    configuration.put(
        ConfiguredBdevs.SUBSYSTEM,
        ConfiguredBdevs.id(bdev.name()),
        arguments.method(),
        arguments.asCalledWith(meant));
    return CompletableFuture.completedStage(StringNode.valueOf(bdev.name()));
  }

  /** Adds the method that removes a module's bdevs, and only those. */
  void addDelete(MethodRegistry methods, String name, String help, Class<? extends Bdev> kind) {
    addDelete(methods, name, help, kind::isInstance);
  }

  /** Adds the method that removes bdevs of a kind, and only those. */
  void addDelete(MethodRegistry methods, String name, String help, Predicate<Bdev> kind) {
    methods.add(
        method(name, help)
            .param(Param.string("name", "the bdev").required())
            .handledBy(a -> delete(a.string("name"), kind)));
  }

  /** Removes a bdev of a kind, and no other. */
  CompletionStage<JsonNode> delete(String name, Predicate<Bdev> kind) throws RpcException {
    try {
      bdev(name, kind);
      return bdevs.remove(name).thenApply(gone -> BooleanNode.TRUE);
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
  }

  /** Has a bdev look for its size, and tells its openers if that is another. */
  <T extends Bdev> CompletionStage<JsonNode> resize(T bdev, Resizer<T> resizer)
      throws RpcException {
    try {
      if (resizer.resize(bdev)) {
        bdevs.resized(bdev);
      }
      return CompletableFuture.completedStage(BooleanNode.TRUE);
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
  }

  /** The bdev of a name, if it is of a class. */
  <T extends Bdev> T bdev(String name, Class<T> kind) throws RpcException {
    return kind.cast(bdev(name, kind::isInstance));
  }

  /** The bdev of a name, if it is of a kind. */
  Bdev bdev(String name, Predicate<Bdev> kind) throws RpcException {
    try {
      Bdev bdev = bdevs.get(name);
      if (kind.test(bdev)) {
        return bdev;
      }
      throw RpcException.of(
          Errno.ENODEV,
          name
              + " is of another kind ("
              + bdev.properties().productName()
              + "); take that kind's method");
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
  }

  BdevRegistry bdevs() {
    return bdevs;
  }

  Configuration configuration() {
    return configuration;
  }

  Reactor control() {
    return control;
  }

  static UUID uuid(Arguments arguments) {
    return arguments.optionalUuid("uuid").orElseGet(RandomUuid::next);
  }

  /** Gives a bdev the size it has to have; says whether that is another than before. */
  @FunctionalInterface
  interface Resizer<T extends Bdev> {
    boolean resize(T bdev) throws BdevException;
  }

  /** Makes a bdev that is not registered yet. */
  @FunctionalInterface
  interface Maker {
    Bdev make() throws BdevException;
  }
}
