package io.millrace.rpc;

import io.millrace.rpc.ConfigEntry.Call;
import io.millrace.rpc.internal.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A running server's configuration in SPDK's format, and back: what SPDK's rpc.py does at the
 * client's end for save_config and load_config. One thread.
 */
public final class SavedConfiguration {
  private static final String START = "framework_start_init";

  private final RpcClient client;

  /**
   * Of one server.
   *
   * @param client stays the caller's
   */
  public SavedConfiguration(RpcClient client) {
    this.client = client;
  }

  /**
   * The whole of it.
   *
   * @throws RpcException the server refuses to tell
   * @throws IOException no reply came
   */
  public ObjectNode save() throws IOException, RpcException {
    ObjectNode all = Json.NODES.objectNode();
    ArrayNode subsystems = all.putArray("subsystems");
    for (JsonNode one : client.call("framework_get_subsystems", null)) {
      subsystems.add(save(one.path("subsystem").asString("")));
    }
    return all;
  }

  private ObjectNode save(String subsystem) throws IOException, RpcException {
    ObjectNode name = Json.NODES.objectNode().put("name", subsystem);
    ObjectNode one = Json.NODES.objectNode().put("subsystem", subsystem);
    one.set("config", client.call("framework_get_config", name));
    return one;
  }

  /**
   * Makes a file's calls, in its order: those that can be made now; then, if the server waits for
   * it, it is brought up, and the rest is made. Nothing is called if the file has a method that the
   * server does not know.
   *
   * @return methods that were not called, as the server is past the state in which they can be
   * @throws ConfigException a method is not known, or the server refused a call: what was called
   *     before it is done and stays
   * @throws RpcException the server refuses to tell what it knows
   * @throws IOException no reply came
   */
  public Set<String> load(ConfigFile file) throws IOException, RpcException, ConfigException {
    Set<String> known = methods(false);
    for (ConfigEntry entry : file.entries()) {
      for (Call call : entry.calls()) {
        if (!known.contains(call.method())) {
          throw entry.problem(
              file.path(),
              call,
              "is not known to the server; remove it (serve -c skips what is of other subsystems)");
        }
      }
    }
    List<ConfigEntry> rest = new ArrayList<>(file.entries());
    boolean more = true;
    while (more) {
      Set<String> callable = methods(true);
      more = false;
      for (ConfigEntry entry : List.copyOf(rest)) {
        if (entry.calls().stream().allMatch(call -> callable.contains(call.method()))) {
          for (Call call : entry.calls()) {
            make(file, entry, call);
          }
          rest.remove(entry);
        }
      }
      if (callable.contains(START)) {
        client.call(START, null);
        more = true;
      }
    }
    Set<String> skipped = new LinkedHashSet<>();
    rest.forEach(entry -> entry.calls().forEach(call -> skipped.add(call.method())));
    return skipped;
  }

  private Set<String> methods(boolean current) throws IOException, RpcException {
    Set<String> names = new HashSet<>();
    ObjectNode params = Json.NODES.objectNode().put("current", current);
    params.put("include_aliases", true);
    client.call("rpc_get_methods", params).forEach(name -> names.add(name.asString()));
    return names;
  }

  private void make(ConfigFile file, ConfigEntry entry, Call call)
      throws IOException, ConfigException {
    try {
      client.call(call.method(), call.params());
    } catch (RpcException refused) {
      ConfigException problem =
          entry.problem(
              file.path(),
              call,
              "error "
                  + refused.code()
                  + ": "
                  + refused.getMessage()
                  + "; the calls before it are made, those after it are not");
      problem.initCause(refused);
      throw problem;
    }
  }
}
