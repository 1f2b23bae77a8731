package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.stacked.SplitBdev;
import io.millrace.bdev.stacked.StackedModule;
import io.millrace.linux.Errno;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Parts of bdevs. Unlike the other modules' methods they answer every failure with -32602. */
final class SplitMethods {
  private final BdevRegistry bdevs;
  private final Configuration configuration;
  private final StackedModule module;

  SplitMethods(BdevMethods bdevMethods) {
    bdevs = bdevMethods.bdevs();
    configuration = bdevMethods.configuration();
    module = new StackedModule(bdevs, "split", base -> configuration.remove(id(base)));
  }

  private static String id(String base) {
    return Configuration.id("split", base);
  }

  void addTo(MethodRegistry methods) {
    methods.add(
        RpcMethod.named("bdev_split_create", "Splits a bdev into <base>p0, p1 ..; now or later")
            .param(Param.string("base_bdev", "the bdev to split").required())
            .param(Param.uint32("split_count", "how many parts").required())
            .param(Param.uint64("split_size_mb", "MiB of each; equal parts without").orElse(0))
            .handledBy(this::create));
    methods.add(
        RpcMethod.named("bdev_split_delete", "Removes all parts of a bdev")
            .param(Param.string("base_bdev", "the bdev that was split").required())
            .handledBy(a -> delete(a.string("base_bdev"))));
  }

  private CompletionStage<JsonNode> create(Arguments arguments) throws RpcException {
    String base = arguments.string("base_bdev");
    long count = arguments.integer("split_count");
    long sizeMib = arguments.integer("split_size_mb");
    if (count == 0) {
      throw failed(base, count, Errno.EINVAL, "split_count is 0; ask for one part or more");
    }
    try {
      module.ask(base, base, () -> split(base, count, sizeMib));
    } catch (BdevException e) {
      throw failed(base, count, BdevErrors.errno(e), e.getMessage());
    } catch (IllegalArgumentException e) {
      throw failed(base, count, Errno.EINVAL, e.getMessage());
    }
    configuration.put(
        ConfiguredBdevs.SUBSYSTEM, id(base), arguments.method(), arguments.asCalled());
    ArrayNode names = JsonNodeFactory.instance.arrayNode();
    partsOf(base).forEach(part -> names.add(part.name()));
    return CompletableFuture.completedStage(names);
  }

  private static RpcException failed(
      String base, long count, Errno errno, @Nullable String detail) {
    return new RpcException(
        RpcException.INVALID_PARAMS,
        "Failed to create %d split bdevs from '%s': %s".formatted(count, base, errno.describe()),
        detail);
  }

  /** Makes all parts, or none. */
  private void split(String base, long count, long sizeMib) throws BdevException {
    List<SplitBdev> parts =
        SplitBdev.create(bdevs, base, count, sizeMib, () -> module.forget(base));
    List<SplitBdev> registered = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      try {
        bdevs.register(parts.get(i));
        registered.add(parts.get(i));
      } catch (BdevException e) {
        parts.subList(i + 1, parts.size()).forEach(BdevRegistry::discard);
        for (SplitBdev part : registered) {
          bdevs.remove(part.name());
        }
        throw e;
      }
    }
  }

  private List<SplitBdev> partsOf(String base) {
    List<SplitBdev> parts = new ArrayList<>();
    for (Bdev bdev : bdevs.all()) {
      if (bdev instanceof SplitBdev part && isNamed(part.base(), base)) {
        parts.add(part);
      }
    }
    return parts;
  }

  private static boolean isNamed(Bdev bdev, String name) {
    return bdev.name().equals(name) || bdev.properties().uuid().toString().equals(name);
  }

  private CompletionStage<JsonNode> delete(String base) throws RpcException {
    if (!module.forget(base)) {
      throw RpcException.invalidParams(
          Errno.ENOENT, base + " is not split; bdev_get_bdevs shows what is");
    }
    List<CompletableFuture<?>> gone = new ArrayList<>();
    try {
      for (SplitBdev part : partsOf(base)) {
        gone.add(bdevs.remove(part.name()).toCompletableFuture());
      }
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
    return CompletableFuture.allOf(gone.toArray(CompletableFuture[]::new))
        .thenApply(all -> BooleanNode.TRUE);
  }
}
