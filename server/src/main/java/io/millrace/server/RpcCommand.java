package io.millrace.server;

import io.millrace.rpc.RpcClient;
import io.millrace.rpc.RpcException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/** {@code millrace rpc}: one call to a running server. */
@Command(
    name = "rpc",
    description = "Calls a method of a running server and prints its result.",
    footer = {
      "",
      "Examples:",
      "  millrace rpc bdev_get_bdevs",
      "  millrace rpc bdev_get_bdevs '{\"name\": \"Malloc0\"}'",
      "  millrace rpc --help bdev_malloc_create",
      "  millrace rpc save_config > server.json",
      "  millrace rpc load_config server.json",
      "",
      "save_config and load_config are not the server's: they ask it for the calls that make it",
      "what it is, and make those of a file (or of standard input)."
    })
final class RpcCommand implements Callable<Integer> {
  /** Where {@code serve -r} listens and {@code rpc} connects unless told otherwise. */
  static final String DEFAULT_SOCKET = "/var/tmp/millrace.sock";

  private static final String DESCRIBE = "rpc_describe_methods";

  @Spec private CommandSpec spec;

  @Option(
      names = {"-r", "-s", "--socket"},
      paramLabel = "SOCKET",
      defaultValue = DEFAULT_SOCKET,
      description = "The server's JSON-RPC socket (its -r). Default: ${DEFAULT-VALUE}.")
  private Path socket;

  @Option(
      names = {"-t", "--timeout"},
      paramLabel = "SECONDS",
      defaultValue = "60",
      description = "How long to wait for the reply. Default: ${DEFAULT-VALUE}.")
  private double timeoutSeconds;

  @Option(
      names = {"-h", "--help"},
      description = "Shows this help; with METHOD, what that does and takes.")
  private boolean help;

  @Option(
      names = "--describe",
      description =
          "Tells what METHOD, or every method, does and takes: of the server, or of this program if"
              + " none runs.")
  private boolean describe;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "METHOD",
      description = "What to call; rpc_get_methods lists all.")
  private @Nullable String method;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "JSON",
      description =
          "Its parameters as a JSON object, or - to read them from standard input; of load_config"
              + " a file.")
  private @Nullable String parameters;

  @Override
  public Integer call() throws CommandException, InterruptedException {
    if (!(timeoutSeconds > 0 && timeoutSeconds < 1e6)) {
      throw wrong("--timeout must be more than 0 seconds");
    }
    if (method != null && !describe && !help && ConfigCommands.has(method)) {
      return configure(method);
    }
    PrintWriter out = spec.commandLine().getOut();
    String called = method;
    if (help && called == null) {
      spec.commandLine().usage(out);
    } else if (help || describe) {
      if (parameters != null) {
        throw wrong("--describe and --help take a METHOD and no parameters");
      }
      MethodHelp.print(described(), out);
    } else if (called == null) {
      throw wrong("which METHOD? rpc_get_methods lists all");
    } else {
      JsonNode given = given();
      try (RpcClient client = connect()) {
        out.println(json().writeValueAsString(call(client, called, given)));
      } catch (IOException e) {
        throw CommandException.failed(e);
      }
    }
    out.flush();
    return 0;
  }

  private int configure(String command) throws CommandException {
    try (RpcClient client = connect()) {
      new ConfigCommands(client, spec.commandLine()).run(command, parameters);
      return 0;
    } catch (IOException e) {
      throw CommandException.failed(e);
    }
  }

  private static JsonNode call(RpcClient client, String method, @Nullable JsonNode given)
      throws IOException, CommandException {
    try {
      return client.call(method, given);
    } catch (RpcException e) {
      throw CommandException.failed(method + ": error " + e.code() + ": " + e.getMessage());
    }
  }

  /** Of the server that is asked; where there is none, of the one that this program would be. */
  private JsonNode described() throws CommandException, InterruptedException {
    JsonNode which =
        method == null ? null : JsonNodeFactory.instance.objectNode().put("name", method);
    try (RpcClient client = RpcClient.connect(socket, timeout())) {
      return call(client, DESCRIBE, which);
    } catch (IOException | IllegalArgumentException none) {
      try {
        return Target.declaredMethods().call(DESCRIBE, which).toCompletableFuture().get();
      } catch (ExecutionException e) {
        throw CommandException.misused(Cores.cause(e));
      }
    }
  }

  private Duration timeout() {
    return Duration.ofMillis((long) (timeoutSeconds * 1000));
  }

  private @Nullable JsonNode given() throws CommandException {
    if (parameters == null) {
      return null;
    }
    try {
      String text =
          parameters.equals("-")
              ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
              : parameters;
      JsonNode node = json().readTree(text);
      if (!node.isObject() && !node.isArray()) {
        throw wrong("parameters must be a JSON object such as '{\"name\": \"Malloc0\"}'");
      }
      return node;
    } catch (JacksonException e) {
      String problem = e.getOriginalMessage().lines().findFirst().orElse("");
      throw wrong("parameters are not JSON: " + problem);
    } catch (IOException e) {
      throw CommandException.failed(e);
    }
  }

  private RpcClient connect() throws CommandException {
    try {
      return RpcClient.connect(socket, timeout());
    } catch (IOException | IllegalArgumentException e) {
      throw CommandException.misused(e);
    }
  }

  /** Made when it is needed: {@code millrace --help} makes every command. */
  private static JsonMapper json() {
    return JsonMapper.builder()
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(SerializationFeature.INDENT_OUTPUT)
        .build();
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
