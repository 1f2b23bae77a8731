package io.millrace.nvme.qtest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * QEMU's monitor (QMP), for a few questions: it takes one client at a time, so this is closed soon.
 * Control thread.
 */
final class QmpQuestions implements AutoCloseable {
  private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final LineSocket socket;

  private QmpQuestions(LineSocket socket) {
    this.socket = socket;
  }

  static QmpQuestions connect(Path path) throws IOException {
    LineSocket socket = LineSocket.connect(path, "-qmp");
    QmpQuestions questions = new QmpQuestions(socket);
    try {
      socket.awaitLine(ANSWER_NANOS); // the greeting
      questions.ask("qmp_capabilities", JSON.createObjectNode());
      return questions;
    } catch (IOException e) {
      socket.close();
      throw new IOException(
          path + ": " + e.getMessage() + "; is another program connected to it?", e);
    }
  }

  /** The answer; an error of QEMU's is an exception. */
  JsonNode ask(String command, ObjectNode arguments) throws IOException {
    ObjectNode message = JSON.createObjectNode();
    message.put("execute", command);
    message.set("arguments", arguments);
    socket.send(ByteBuffer.wrap((message + "\n").getBytes(StandardCharsets.UTF_8)), ANSWER_NANOS);
    while (true) {
      socket.awaitLine(ANSWER_NANOS);
      JsonNode answer = parse(socket.text());
      if (answer.has("return")) {
        return answer.get("return");
      }
      if (answer.has("error")) {
        String description = answer.path("error").path("desc").asString("");
        throw new IOException(socket + ": " + command + ": " + description);
      }
    }
  }

  /** A property of an object in QEMU. */
  JsonNode property(String path, String name) throws IOException {
    return ask("qom-get", JSON.createObjectNode().put("path", path).put("property", name));
  }

  JsonNode memoryDevices() throws IOException {
    return ask("query-memory-devices", JSON.createObjectNode());
  }

  private JsonNode parse(String line) throws IOException {
    try {
      return JSON.readTree(line);
    } catch (JacksonException e) {
      throw new IOException(socket + ": not JSON: " + line, e);
    }
  }

  @Override
  public void close() {
    socket.close();
  }

  @Override
  public String toString() {
    return socket.toString();
  }
}
