package io.millrace.server;

import io.millrace.rpc.Configuration;
import io.millrace.rpc.state.StateException;
import io.millrace.rpc.state.StoredConfiguration;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code millrace state show}: the configuration in a directory, also while a server uses it. */
@Command(
    name = "show",
    description =
        "Prints the configuration in a state directory as a file for serve's -c: a back-up. A"
            + " server may be using it.")
final class StateShowCommand extends StateDirectoryCommand {
  @Option(
      names = "--ids",
      description = "Prints a line for each entry instead: its id, for forget, and its method.")
  private boolean ids;

  @Override
  void run(CommandSpec command, Path state, PrintWriter out) throws StateException {
    List<Configuration.Entry> entries = StoredConfiguration.read(state);
    if (ids) {
      entries.forEach(entry -> out.println(entry.id() + " " + entry.method()));
    } else {
      out.print(ConfigCommands.text(configuration(entries)));
      out.print('\n');
    }
  }

  /** By subsystem, as a configuration file has it; each where its first entry was made. */
  private static JsonNode configuration(List<Configuration.Entry> entries) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    ArrayNode subsystems = root.putArray("subsystems");
    Map<String, ArrayNode> byName = new LinkedHashMap<>();
    for (Configuration.Entry entry : entries) {
      ObjectNode call =
          byName
              .computeIfAbsent(
                  entry.subsystem(),
                  name -> subsystems.addObject().put("subsystem", name).putArray("config"))
              .addObject();
      call.put("method", entry.method());
      if (entry.params() != null) {
        call.set("params", entry.params());
      }
    }
    return root;
  }
}
