package io.millrace.nvme.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevRegistry;
import io.millrace.linux.Mapping;
import io.millrace.nvme.bdev.DeviceOpener;
import io.millrace.nvme.bdev.DiskUser;
import io.millrace.nvme.bdev.PciDevices;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A server's control plane with the methods of NVMe, for the test's own thread. */
final class RpcWorld implements AutoCloseable {
  static final long SECONDS = 60;

  private static final JsonMapper JSON = JsonMapper.builder().build();

  final Reactor control = Reactor.start("control", -1);
  final Reactor polling = Reactor.start("polling", -1);
  final BdevRegistry bdevs = new BdevRegistry();
  final MethodRegistry registry = new MethodRegistry();
  final NvmeMethods methods;

  RpcWorld() {
    this(PciDevices::open, List::of);
  }

  RpcWorld(DeviceOpener opener, Supplier<Collection<String>> present) {
    methods = NvmeMethods.addTo(registry, bdevs, control, opener, present);
  }

  /** Enters run time. */
  RpcWorld running() {
    registry.enterRuntime();
    return this;
  }

  /**
   * Calls a method; its answer, as a client would parse it.
   *
   * @param params JSON with single quotes, and %s or %d for each value
   */
  JsonNode call(String method, String params, Object... values) throws Exception {
    try {
      return begin(method, params, values).get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RpcException refused ? refused : e;
    }
  }

  /** Calls a method and goes on. */
  CompletableFuture<JsonNode> begin(String method, String params, Object... values)
      throws Exception {
    String text = params;
    for (Object value : values) {
      text = text.replaceFirst("%[sd]", Matcher.quoteReplacement(value.toString()));
    }
    JsonNode parsed = json(text);
    return DiskUser.on(control, () -> registry.call(method, parsed))
        .toCompletableFuture()
        .thenApply(answer -> JSON.readTree(answer.toString()));
  }

  /** Calls a method that fails; its error. */
  RpcException refusal(String method, String params, Object... values) throws Exception {
    try {
      JsonNode answer = call(method, params, values);
      throw new AssertionError(method + " answered " + answer);
    } catch (RpcException refused) {
      return refused;
    }
  }

  /** What was configured, a call a line. */
  String configuration() throws Exception {
    return DiskUser.on(
        control,
        () ->
            registry.configuration().entries().stream()
                .map(entry -> entry.method() + entry.params() + "\n")
                .collect(Collectors.joining()));
  }

  /** What a controller is said to be at. */
  String state(String controller) throws Exception {
    return call("bdev_nvme_get_controllers", "{'name': '%s'}", controller)
        .at("/0/ctrlrs/0/state")
        .stringValue();
  }

  DiskUser user(String disk, Mapping memory) throws Exception {
    return new DiskUser(bdevs, control, polling, disk, memory, false);
  }

  static JsonNode json(String text) {
    return JSON.readTree(text.replace('\'', '"'));
  }

  static void await(BooleanSupplier condition, String what) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("not so: " + what).isLessThan(deadline);
      LockSupport.parkNanos(2_000_000);
    }
  }

  @Override
  public void close() {
    try {
      DiskUser.on(control, methods::close).toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    } finally {
      polling.close();
      control.close();
    }
  }
}
