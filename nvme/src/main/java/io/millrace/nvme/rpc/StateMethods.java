package io.millrace.nvme.rpc;

import io.millrace.linux.Errno;
import io.millrace.nvme.NvmeController;
import io.millrace.nvme.NvmeController.State;
import io.millrace.nvme.bdev.AttachedController;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;

/** Reset, disable and enable. */
final class StateMethods {
  private static final int MAX_CONTROLLER_ID = 0xffff;

  private final NvmeMethods methods;

  StateMethods(NvmeMethods methods) {
    this.methods = methods;
  }

  void addTo(MethodRegistry registry) {
    registry.add(
        method(
                "bdev_nvme_reset_controller",
                "Stops a controller and starts it; what it had is sent again")
            .configuresNothing()
            .handledBy(a -> change(a, NvmeController::reset, Set.of(State.DISABLED))));
    registry.add(
        method("bdev_nvme_disable_controller", "Stops a controller; its disks' requests wait")
            .configuresNothing()
            .handledBy(a -> change(a, NvmeController::disable, Set.of(State.DISABLED))));
    registry.add(
        method("bdev_nvme_enable_controller", "Starts a controller that was disabled or has failed")
            .configuresNothing()
            .handledBy(a -> change(a, NvmeController::enable, Set.of(State.LIVE))));
  }

  private static RpcMethod.Builder method(String name, String help) {
    return RpcMethod.named(name, help)
        .badParams(RpcException.INVALID_PARAMS, Errno.EINVAL.describe())
        .param(NvmeMethods.name())
        .param(
            Param.integer(
                    "cntlid",
                    0,
                    MAX_CONTROLLER_ID,
                    "its number in its subsystem; 0: whatever it is")
                .orElse(0));
  }

  /** Changes a controller's state. */
  private interface Change {
    CompletionStage<@Nullable Void> of(NvmeController controller);
  }

  /**
   * Does it to the controller that is named.
   *
   * @param already states in which there is nothing to do, as in SPDK
   */
  private CompletionStage<JsonNode> change(Arguments arguments, Change change, Set<State> already)
      throws RpcException {
    String name = arguments.string("name");
    AttachedController attached = methods.get(name);
    NvmeController controller = attached.controller();
    int id = arguments.intValue("cntlid");
    if (id != 0 && id != controller.data().controllerId()) {
      throw RpcException.of(
          Errno.ENODEV,
          name + " has the controller id " + controller.data().controllerId() + "; leave it out");
    }
    State state = controller.state();
    if (attached.isDetaching() || state == State.GONE || state == State.CLOSED) {
      throw RpcException.of(Errno.ENXIO, name + " is being given back");
    }
    if (state == State.RESETTING || state == State.STARTING) {
      throw RpcException.of(Errno.EBUSY, name + " is being reset; try again later");
    }
    if (already.contains(state)) {
      return CompletableFuture.completedStage(BooleanNode.TRUE);
    }
    return Failures.answer(change.of(controller).thenApply(changed -> BooleanNode.TRUE));
  }
}
