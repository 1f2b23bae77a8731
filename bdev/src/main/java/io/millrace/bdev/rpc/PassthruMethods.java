package io.millrace.bdev.rpc;

import io.millrace.bdev.stacked.PassthruBdev;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;

/** Passthru bdevs. */
final class PassthruMethods {
  private final BdevMethods bdevMethods;
  private final StackedMethods stacked;

  PassthruMethods(BdevMethods bdevMethods) {
    this.bdevMethods = bdevMethods;
    stacked = new StackedMethods(bdevMethods, "passthru", PassthruBdev.class);
  }

  void addTo(MethodRegistry methods) {
    methods.add(
        bdevMethods
            .method("bdev_passthru_create", "Gives a bdev another name; now or once it comes")
            .param(Param.string("base_bdev_name", "the bdev below").required())
            .param(Param.string("name", "its name").required())
            .param(Param.uuid("uuid", "its UUID; made of the base's without"))
            .handledBy(this::create));
    methods.add(
        bdevMethods
            .method("bdev_passthru_delete", "Removes a passthru bdev")
            .param(Param.string("name", "the bdev").required())
            .handledBy(a -> stacked.delete(a.string("name"))));
  }

  private CompletionStage<JsonNode> create(Arguments arguments) throws RpcException {
    String name = arguments.string("name");
    String base = arguments.string("base_bdev_name");
    stacked.create(
        arguments,
        name,
        base,
        () ->
            PassthruBdev.create(
                stacked.bdevs(), base, name, arguments.optionalUuid("uuid").orElse(null)));
    return StackedMethods.answer(name);
  }
}
