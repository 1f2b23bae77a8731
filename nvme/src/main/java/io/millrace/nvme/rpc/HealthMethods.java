package io.millrace.nvme.rpc;

import io.millrace.nvme.ControllerData;
import io.millrace.nvme.HealthLog;
import io.millrace.nvme.NvmeCommands;
import io.millrace.nvme.NvmeResult;
import io.millrace.nvme.bdev.AttachedController;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What a controller says of its own health. */
final class HealthMethods {
  private static final int KELVIN_AT_ZERO_CELSIUS = 273; // rounded as SPDK does

  private final NvmeMethods methods;

  HealthMethods(NvmeMethods methods) {
    this.methods = methods;
  }

  void addTo(MethodRegistry registry) {
    registry.add(
        RpcMethod.named(
                "bdev_nvme_get_controller_health_info", "Shows a controller's SMART / health log")
            .badParams(RpcException.INTERNAL_ERROR, "Invalid parameters")
            .param(NvmeMethods.name())
            .handledBy(this::health));
  }

  private CompletionStage<JsonNode> health(Arguments arguments) throws RpcException {
    String name = arguments.string("name");
    AttachedController attached = methods.find(name);
    if (attached == null) {
      throw new RpcException(
          RpcException.INTERNAL_ERROR, "Device not found", NvmeMethods.noController(name));
    }
    return attached
        .controller()
        .admin(
            NvmeCommands.logPage(
                NvmeCommands.LOG_HEALTH, NvmeCommands.ALL_NAMESPACES, HealthLog.BYTES))
        .handle((result, e) ->
            e == null ? answer(attached, result) : failed(name + ": " + e.getMessage()))
        .thenCompose(answer -> answer);
  }

  private static CompletionStage<JsonNode> answer(AttachedController attached, NvmeResult result) {
    if (!result.succeeded()) {
      return failed(attached.name() + ": get log page: " + result);
    }
    return CompletableFuture.completedStage(describe(attached, HealthLog.of(result.data())));
  }

  private static CompletionStage<JsonNode> failed(String why) {
    return CompletableFuture.failedStage(
        new RpcException(RpcException.INTERNAL_ERROR, "Internal error.", why));
  }

  private static ObjectNode describe(AttachedController attached, HealthLog log) {
    ControllerData data = attached.controller().data();
    ObjectNode into = JsonNodeFactory.instance.objectNode();
    into.put("model_number", data.model());
    into.put("serial_number", data.serial());
    into.put("firmware_revision", data.firmware());
    into.put("traddr", attached.address());
    into.put("critical_warning", log.criticalWarning());
    into.put("temperature_celsius", celsius(log.temperatureKelvin()));
    into.put("available_spare_percentage", log.availableSparePercent());
    into.put("available_spare_threshold_percentage", log.spareThresholdPercent());
    into.put("percentage_used", log.usedPercent());
    into.put("data_units_read", log.dataUnitsRead());
    into.put("data_units_written", log.dataUnitsWritten());
    into.put("host_read_commands", log.hostReads());
    into.put("host_write_commands", log.hostWrites());
    into.put("controller_busy_time", log.busyMinutes());
    into.put("power_cycles", log.powerCycles());
    into.put("power_on_hours", log.powerOnHours());
    into.put("unsafe_shutdowns", log.unsafeShutdowns());
    into.put("media_errors", log.mediaErrors());
    into.put("num_err_log_entries", log.errorLogEntries());
    into.put("warning_temperature_time_minutes", log.warningMinutes());
    into.put("critical_composite_temperature_time_minutes", log.criticalMinutes());
    List<Integer> sensors = log.sensorsKelvin();
    if (!sensors.isEmpty()) {
      // SPDK repeats the member for each sensor, of which parsers keep the last.
      into.put("temperature_sensor_celsius", celsius(sensors.getLast()));
    }
    return into;
  }

  private static int celsius(int kelvin) {
    return kelvin - KELVIN_AT_ZERO_CELSIUS;
  }
}
