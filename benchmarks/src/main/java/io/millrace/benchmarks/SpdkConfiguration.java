package io.millrace.benchmarks;

import java.util.List;

/**
 * A configuration file as SPDK and Millrace both read it.
 *
 * @param bdevs calls of subsystem bdev
 * @param kind of the controllers
 * @param controllers calls of its subsystem
 */
record SpdkConfiguration(List<String> bdevs, DeviceKind kind, List<String> controllers) {
  /** A method and its parameters, JSON without the braces. */
  static String call(String method, String parameters) {
    return "{\"method\": \"%s\", \"params\": {%s}}".formatted(method, parameters);
  }

  /** The file. */
  String text() {
    return """
    {"subsystems": [
    {"subsystem": "bdev", "config": [
    %s]},
    {"subsystem": "%s", "config": [
    %s]}]}
    """
        .formatted(String.join(",\n", bdevs), kind.subsystem, String.join(",\n", controllers));
  }
}
