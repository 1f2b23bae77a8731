package io.millrace.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import io.millrace.rpc.Arguments;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.RpcMethod;
import io.millrace.rpc.RpcState;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * How much is logged, by SPDK's methods, while the server runs. SPDK has a level for syslog and one
 * for the terminal; here is one log, on stderr, so that both names are of the same level. A flag is
 * a part of the program whose debug lines are wanted whatever the level is.
 */
final class LogMethods {
  private static final String PROGRAM = "io.millrace";
  private static final String ALL = "all";

  /** SPDK's, from few lines to many. */
  private static final List<String> LEVELS = List.of("ERROR", "WARNING", "NOTICE", "INFO", "DEBUG");

  /** Package by flag: SPDK's names where it has such a part. */
  private static final Map<String, String> FLAGS =
      new TreeMap<>(
          Map.of(
              "bdev", "io.millrace.bdev",
              "bdev_virtio", "io.millrace.initiator",
              "nvme", "io.millrace.nvme",
              "reactor", "io.millrace.reactor",
              "rpc", "io.millrace.rpc",
              "scsi", "io.millrace.scsi",
              "vhost", "io.millrace.vhost",
              "vhost_blk", "io.millrace.virtio.blk",
              "vhost_ring", "io.millrace.virtqueue",
              "vhost_scsi", "io.millrace.virtio.scsi"));

  private String level = nameOf(logger(PROGRAM).getEffectiveLevel());

  private LogMethods() {}

  static void addTo(MethodRegistry methods) {
    LogMethods self = new LogMethods();
    for (String name : List.of("level", "print_level")) {
      methods.add(
          method("log_set_" + name, "Sets how much is logged")
              .param(Param.oneOf("level", LEVELS, "least weight of a line").required())
              .badParams(RpcException.INTERNAL_ERROR, "spdk_json_decode_object failed")
              .handledBy(self::setLevel));
      methods.add(
          method("log_get_" + name, "Tells how much is logged")
              .handledBy(none -> CompletableFuture.completedStage(StringNode.valueOf(self.level))));
    }
    methods.add(
        method("log_set_flag", "Has one part of the program log everything")
            .param(flag())
            .handledBy(a -> setFlag(a, Level.DEBUG)));
    methods.add(
        method("log_clear_flag", "Has one part of the program log what the level says")
            .param(flag())
            .handledBy(a -> setFlag(a, null)));
    methods.add(
        method("log_get_flags", "Lists the parts, and which of them log everything")
            .handledBy(none -> CompletableFuture.completedStage(flags())));
    methods.add(
        RpcMethod.named("log_enable_timestamps", "Says whether lines begin with date and time")
            .configuresNothing()
            .param(Param.bool("enabled", "false under systemd, which has its own").required())
            .badParams(RpcException.INVALID_PARAMS, "spdk_json_decode_object failed")
            .handledBy(LogMethods::enableTimestamps));
  }

  private static RpcMethod.Builder method(String name, String help) {
    return RpcMethod.named(name, help)
        .states(RpcState.STARTUP, RpcState.RUNTIME)
        .configuresNothing();
  }

  private static Param flag() {
    return Param.string("flag", "a part that log_get_flags lists, or all").required();
  }

  private static Logger logger(String name) {
    return loggers().getLogger(name);
  }

  private static LoggerContext loggers() {
    return (LoggerContext) LoggerFactory.getILoggerFactory();
  }

  private static String nameOf(Level level) {
    return switch (level.toInt()) {
      case Level.ERROR_INT, Level.OFF_INT -> "ERROR";
      case Level.WARN_INT -> "WARNING";
      case Level.INFO_INT -> "INFO";
      default -> "DEBUG";
    };
  }

  /** SPDK's notices and its information are both our information. */
  private static Level levelOf(String name) {
    return switch (name) {
      case "ERROR" -> Level.ERROR;
      case "WARNING" -> Level.WARN;
      case "DEBUG" -> Level.DEBUG;
      default -> Level.INFO;
    };
  }

  private CompletionStage<JsonNode> setLevel(Arguments arguments) {
    level = arguments.string("level");
    logger(PROGRAM).setLevel(levelOf(level));
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  private static CompletionStage<JsonNode> setFlag(Arguments arguments, @Nullable Level to)
      throws RpcException {
    String name = arguments.string("flag");
    String part = FLAGS.get(name);
    if (part == null && !name.equals(ALL)) {
      throw new RpcException(
          RpcException.INVALID_PARAMS,
          "invalid log flag",
          "there is no " + name + "; log_get_flags lists them");
    }
    (part == null ? FLAGS.values() : List.of(part)).forEach(each -> logger(each).setLevel(to));
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }

  private static ObjectNode flags() {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    FLAGS.forEach((name, part) -> result.put(name, logger(part).getLevel() != null));
    return result;
  }

  private static CompletionStage<JsonNode> enableTimestamps(Arguments arguments) {
    LogConfigurator.timestamps(loggers(), arguments.bool("enabled"));
    return CompletableFuture.completedStage(BooleanNode.TRUE);
  }
}
