package io.millrace.virtio.scsi.rpc;

import io.millrace.rpc.Arguments;
import io.millrace.rpc.Configuration;
import io.millrace.vhost.user.rpc.ControllerSockets;
import io.millrace.virtio.scsi.ScsiController;
import java.util.Objects;
import java.util.Set;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Records SCSI controllers and their logical units. A guest that connects before its disks are
 * there takes them for gone: as in SPDK, a controller is made without its socket again, and gets
 * that after everything else. Control thread.
 */
final class ConfiguredUnits {
  private final Configuration configuration;

  ConfiguredUnits(Configuration configuration) {
    this.configuration = configuration;
  }

  /** A controller was made. */
  void controller(String name, Arguments call) {
    ObjectNode delayed = JsonNodeFactory.instance.objectNode().put("delay", true);
    configuration.put(
        ScsiController.SUBSYSTEM,
        ControllerSockets.id(name),
        call.method(),
        call.asCalledWith(delayed));
    if (!call.bool("delay")) {
      started(name);
    }
  }

  /** A controller has its socket. */
  void started(String name) {
    configuration.putLast(
        ScsiController.SUBSYSTEM,
        ControllerSockets.id(name, "start"),
        ScsiMethods.START,
        JsonNodeFactory.instance.objectNode().put("ctrlr", name));
  }

  /**
   * A bdev is at a LUN.
   *
   * @param target the number that was given or found
   */
  void unit(ScsiController controller, int target, Arguments call) {
    int lun = call.intValue("lun");
    ObjectNode meant = JsonNodeFactory.instance.objectNode();
    meant.put("scsi_target_num", target);
    meant.put("bdev_name", Objects.requireNonNull(controller.luns(target).get(lun)));
    configuration.put(
        ScsiController.SUBSYSTEM,
        id(controller, target, lun),
        call.method(),
        call.asCalledWith(meant));
  }

  /** Of those LUNs all have gone that are not there again. */
  void unitsGone(ScsiController controller, int target, Set<Integer> luns) {
    for (int lun : luns) {
      if (!controller.luns(target).containsKey(lun)) {
        configuration.remove(id(controller, target, lun));
      }
    }
  }

  private static String id(ScsiController controller, int target, int lun) {
    return ControllerSockets.id(
        controller.name(), "target", Integer.toString(target), Integer.toString(lun));
  }
}
