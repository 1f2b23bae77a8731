package io.millrace.bdev.rpc;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.stacked.DelayBdev;
import io.millrace.bdev.stacked.Latency;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;

/** Delay bdevs. */
final class DelayMethods {
  private static final List<Latency> LATENCIES = List.of(Latency.values());
  private static final List<String> TYPES = LATENCIES.stream().map(Latency::spdkName).toList();

  private final BdevMethods bdevMethods;
  private final StackedMethods stacked;

  DelayMethods(BdevMethods bdevMethods) {
    this.bdevMethods = bdevMethods;
    stacked = new StackedMethods(bdevMethods, "delay", DelayBdev.class);
  }

  void addTo(MethodRegistry methods) {
    RpcMethod.Builder create =
        bdevMethods
            .method("bdev_delay_create", "Makes reads and writes of a bdev take longer")
            .param(Param.string("base_bdev_name", "the bdev below").required())
            .param(Param.string("name", "its name").required());
    for (Latency which : Latency.values()) {
      create.param(latency(parameter(which)).required());
    }
    methods.add(
        create
            .param(Param.uuid("uuid", "its UUID; made of the base's without"))
            .handledBy(this::create));
    methods.add(
        bdevMethods
            .method("bdev_delay_delete", "Removes a delay bdev")
            .param(Param.string("name", "the bdev").required())
            .handledBy(a -> stacked.delete(a.string("name"))));
    methods.add(
        bdevMethods
            .method("bdev_delay_update_latency", "Changes one latency of a delay bdev")
            .param(Param.string("delay_bdev_name", "the bdev").required())
            .param(Param.oneOf("latency_type", TYPES, "which of the four").required())
            .param(latency("latency_us").required())
            .handledBy(this::update));
  }

  private static String parameter(Latency which) {
    return which.spdkName() + "_latency";
  }

  private static Param latency(String name) {
    return Param.integer(name, 0, DelayBdev.MAX_LATENCY_MICROS, "microseconds");
  }

  private CompletionStage<JsonNode> create(Arguments arguments) throws RpcException {
    String name = arguments.string("name");
    String base = arguments.string("base_bdev_name");
    Map<Latency, Long> micros = new EnumMap<>(Latency.class);
    for (Latency which : Latency.values()) {
      micros.put(which, arguments.integer(parameter(which)));
    }
    try {
      DelayBdev.check(name, micros); // now, even if the base comes later
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    }
    stacked.create(
        arguments,
        name,
        base,
        () ->
            DelayBdev.create(
                stacked.bdevs(), base, name, arguments.optionalUuid("uuid").orElse(null), micros));
    return StackedMethods.answer(name);
  }

  private CompletionStage<JsonNode> update(Arguments arguments) throws RpcException {
    Latency which = latency(arguments);
    String name = arguments.string("delay_bdev_name");
    try {
      DelayBdev bdev = stacked.get(name, DelayBdev.class);
      bdev.update(which, arguments.integer("latency_us"));
      record(bdev.name(), which, arguments);
    } catch (BdevException e) {
      throw BdevErrors.of(e);
    } catch (RpcException e) {
      throw new RpcException(
          RpcException.INVALID_PARAMS, "The requested bdev does not exist.", e.detail());
    }
    return StackedMethods.done();
  }

  /**
   * As a call of its own: it may leave the bdev with latencies that none is created with, and it is
   * over when the base goes.
   */
  private void record(String name, Latency which, Arguments arguments) {
    bdevMethods
        .configuration()
        .put(
            ConfiguredBdevs.SUBSYSTEM,
            Configuration.id("bdev", name, "latency", which.spdkName()),
            arguments.method(),
            arguments.asCalled());
  }

  private static Latency latency(Arguments arguments) {
    String type = arguments.string("latency_type");
    return LATENCIES.get(TYPES.indexOf(type));
  }
}
