package io.millrace.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The calls of {@code session.txt} and what came back: a list of steps, as {@code rpc_session.py}
 * writes them. It made {@code spdk-answers.json} with SPDK's vhost of v26.05; run it with {@code
 * --help} to make that again.
 */
final class RpcSession {
  static final Path FOLDER = Path.of("src/test/resources/io/millrace/server/session");

  private static final JsonMapper JSON = new JsonMapper();
  private static final long AWAIT_SECONDS = 20;

  private RpcSession() {}

  /** What SPDK answered. */
  static List<JsonNode> recorded() throws IOException {
    return read(FOLDER.resolve("spdk-answers.json"));
  }

  /** What {@code rpc_session.py} wrote. */
  static List<JsonNode> read(Path answers) throws IOException {
    return JSON.readTree(Files.readAllBytes(answers)).valueStream().toList();
  }

  /** Makes the calls of a recorded session of a server; the same steps with its answers. */
  static List<JsonNode> replay(List<JsonNode> recorded, Path socket, Path folder)
      throws IOException {
    List<JsonNode> answers = new ArrayList<>();
    try (RawRpc rpc = RawRpc.connect(socket)) {
      for (JsonNode step : recorded) {
        if (step.has("method")) {
          answers.add(replay(step, rpc, folder));
        }
      }
    }
    return answers;
  }

  private static JsonNode replay(JsonNode step, RawRpc rpc, Path folder) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(AWAIT_SECONDS);
    boolean await = step.path("line").stringValue().startsWith("await ");
    JsonNode reply;
    do {
      reply = call(step, rpc, folder);
    } while (await && reply.has("error") && System.nanoTime() < deadline);
    ObjectNode answer = JSON.createObjectNode();
    answer.set("line", step.get("line"));
    if (reply.has("error")) {
      ObjectNode error = answer.putObject("error");
      error.set("code", reply.at("/error/code"));
      error.set("message", reply.at("/error/message"));
    } else {
      answer.set("result", reply.get("result"));
    }
    return answer;
  }

  private static JsonNode call(JsonNode step, RawRpc rpc, Path folder) throws IOException {
    String params = step.path("params").stringValue().replace("DIR", folder.toString());
    String request =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"%s}"
            .formatted(
                step.path("method").stringValue(), params.isEmpty() ? "" : ",\"params\":" + params);
    return JSON.readTree(rpc.exchange(request).replace(folder.toString(), "DIR"));
  }
}
