package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.stacked.StackedModule;
import io.millrace.linux.Errno;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.RpcException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.StringNode;

/** What the methods of all modules that stack bdevs share. */
final class StackedMethods {
  private final BdevMethods bdevMethods;
  private final String name;
  private final StackedModule module;
  private final Class<? extends Bdev> kind;

  /**
   * Methods of one module.
   *
   * @param module its name
   * @param kind what its bdevs are
   */
  StackedMethods(BdevMethods bdevMethods, String module, Class<? extends Bdev> kind) {
    this.bdevMethods = bdevMethods;
    this.name = module;
    this.module =
        new StackedModule(
            bdevMethods.bdevs(), module, key -> bdevMethods.configuration().remove(id(key)));
    this.kind = kind;
  }

  private String id(String key) {
    return Configuration.id(name, key);
  }

  BdevRegistry bdevs() {
    return bdevMethods.bdevs();
  }

  StackedModule module() {
    return module;
  }

  /** Makes and registers a bdev, now or when its base comes, and records the call. */
  void create(Arguments arguments, String key, String baseName, BdevMethods.Maker maker)
      throws RpcException {
    try {
      module.ask(key, baseName, () -> bdevs().register(maker.make()));
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    } catch (IllegalArgumentException e) {
      throw RpcException.of(Errno.EINVAL, e.getMessage());
    }
    bdevMethods
        .configuration()
        .put(ConfiguredBdevs.SUBSYSTEM, id(key), arguments.method(), arguments.asCalled());
  }

  /** Removes a bdev of the module, or calls off the wait for its base. */
  CompletionStage<JsonNode> delete(String name) throws RpcException {
    if (isWaiting(name) && module.forget(name)) {
      return done();
    }
    String bdev = get(name, kind).name();
    CompletionStage<JsonNode> deleted = bdevMethods.delete(bdev, kind::isInstance);
    module.forget(bdev); // or it would come back with its base
    bdevMethods.configuration().remove(ConfiguredBdevs.id(bdev)); // what was set on it
    return deleted;
  }

  private boolean isWaiting(String name) {
    return bdevs().all().stream().noneMatch(bdev -> bdev.name().equals(name));
  }

  /** The bdev of a name, if it is of a class of the module. */
  <T extends Bdev> T get(String name, Class<T> of) throws RpcException {
    return bdevMethods.bdev(name, of);
  }

  static CompletionStage<JsonNode> answer(String name) {
    return CompletableFuture.completedStage(StringNode.valueOf(name));
  }

  static CompletionStage<JsonNode> done() {
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }
}
