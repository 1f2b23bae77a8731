package io.millrace.server;

import io.millrace.rpc.RpcClient;
import io.millrace.rpc.RpcException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A server in the test's JVM that is configured by calls; its sockets are in a folder. */
final class ConfiguredServer implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();

  private final Path directory;
  private final Target target;
  private final RpcClient client;

  private ConfiguredServer(Path directory, Target target, RpcClient client) {
    this.directory = directory;
    this.target = target;
    this.client = client;
  }

  /**
   * Starts one.
   *
   * @param configuration its -c; null for none
   * @param waits whether it is started with --wait-for-rpc
   */
  static ConfiguredServer start(Path directory, @Nullable Path configuration, boolean waits)
      throws Exception {
    return start(directory, List.of(), configuration, waits);
  }

  /**
   * The same with disks of the command line.
   *
   * @param disks as --blk has them
   */
  static ConfiguredServer start(
      Path directory, List<String> disks, @Nullable Path configuration, boolean waits)
      throws Exception {
    Path socket = directory.resolve("rpc.sock");
    Target target =
        Target.start(
            ServeOptions.in(directory)
                .withDisks(disks.stream().map(DiskOption::parse).toList())
                .withConfiguration(configuration)
                .withRpcSocket(socket)
                .withWaitForRpc(waits));
    return new ConfiguredServer(
        directory, target, RpcClient.connect(socket, Duration.ofSeconds(60)));
  }

  Target target() {
    return target;
  }

  /** Calls a method; its result. */
  JsonNode call(String method) throws Exception {
    return client.call(method, null);
  }

  /**
   * Calls a method; its result.
   *
   * @param params JSON with single quotes
   */
  JsonNode call(String method, String params) throws Exception {
    return client.call(method, JSON.readTree(params.replace('\'', '"')));
  }

  /** Calls a method that fails; its error. */
  RpcException refusal(String method, String params) throws Exception {
    try {
      throw new AssertionError(method + " answered " + call(method, params));
    } catch (RpcException refused) {
      return refused;
    }
  }

  /** One of our commands against it. */
  Cli rpc(String... words) {
    String[] all = new String[words.length + 3];
    all[0] = "rpc";
    all[1] = "-r";
    all[2] = directory.resolve("rpc.sock").toString();
    System.arraycopy(words, 0, all, 3, words.length);
    return Cli.run(all);
  }

  /** What makes it what it is. */
  ObjectNode configuration() throws Exception {
    ObjectNode all = JsonNodeFactory.instance.objectNode();
    for (JsonNode one : call("framework_get_subsystems")) {
      String name = one.get("subsystem").stringValue();
      all.set(name, call("framework_get_config", "{'name': '%s'}".formatted(name)));
    }
    return all;
  }

  @Override
  public void close() throws IOException {
    client.close();
    try {
      target.stop();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
