package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Every parameter of every method that {@code serve} has, given wrongly in every way: taken from
 * the declarations, so that a new method is tested when it is declared.
 */
@Timeout(120)
class RpcDeclarationsTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Pattern RANGE = Pattern.compile("a whole number from (-?\\d+) to (\\d+)");
  private static final Pattern WORDS = Pattern.compile("one of ([^,]+).*");

  /** SPDK lets plug-ins read what these do not know. */
  private static final List<String> TAKES_ANY_NAME =
      List.of("vhost_create_blk_controller", "virtio_blk_create_transport");

  private static final String DEEP = "[".repeat(50) + "]".repeat(50);
  private static final int HUGE_CHARS = 200_000;
  private static final int LONGEST_REFUSAL_CHARS = 3000;

  private static final Map<String, List<String>> WRONG =
      Map.of(
          "string",
          List.of("17", "true", "null", "[]", "{}", "\"\"", "[\"x\"]", "\"a\\u0000b\"", DEEP),
          "integer",
          List.of(
              "\"17\"", "true", "null", "[]", "{}", "0.5", "1e30", "-1e400", "1e999999999", DEEP),
          "boolean",
          List.of("1", "0", "\"true\"", "null", "[]", "{}", DEEP),
          "array",
          List.of("\"x\"", "1", "true", "null", "{}", "[1]", "[\"\"]", "[null]", DEEP),
          "object",
          List.of("\"x\"", "1", "true", "null", "[]", "{\"a\":{\"b\":1,\"b\":2}}", DEEP));

  @TempDir Path dir;
  private Target target;
  private RawRpc rpc;
  private List<JsonNode> methods;
  private String before;

  @BeforeEach
  void start() throws Exception {
    Path socket = dir.resolve("rpc.sock");
    target = Target.start(ServeOptions.in(dir).withRpcSocket(socket));
    rpc = RawRpc.connect(socket);
    call("bdev_null_create", "{\"name\":\"Null0\",\"block_size\":512,\"num_blocks\":100}");
    call("vhost_create_blk_controller", "{\"ctrlr\":\"vm0\",\"dev_name\":\"Null0\"}");
    methods =
        result(call("rpc_describe_methods", ""))
            .valueStream()
            .filter(method -> method.get("states").toString().contains("runtime"))
            .toList();
    before = state();
  }

  @AfterEach
  void stop() throws Exception {
    rpc.close();
    target.stop();
  }

  @Test
  void whatDoesNotFitItsDeclarationIsRefusedAsSpdkRefusesItAndChangesNothing() throws Exception {
    int calls = 0;
    for (JsonNode method : methods) {
      for (JsonNode param : method.get("params")) {
        for (String wrong : wrongValues(param)) {
          assertRefused(method, params(method, param, named(param) + wrong), wrong);
          calls++;
        }
      }
    }

    assertThat(calls).isGreaterThan(1000);
    assertThat(state()).isEqualTo(before);
  }

  @Test
  void whatIsMissingGivenTwiceOrUnknownIsRefusedAndChangesNothing() throws Exception {
    for (JsonNode method : methods) {
      for (JsonNode param : method.get("params")) {
        String right = named(param) + sample(param);
        assertRefused(method, params(method, param, right + "," + right), "twice");
        if (param.path("required").booleanValue()) {
          assertRefused(method, params(method, param, ""), "missing");
        }
        if (!TAKES_ANY_NAME.contains(method.path("name").stringValue())) {
          String other = "\"" + param.path("name").stringValue() + "_\":1";
          assertRefused(method, params(method, param, right + "," + other), "unknown");
        }
      }
      if (method.get("params").isEmpty()) {
        assertRefused(method, "{}", "no parameters");
        assertRefused(method, "{\"name\":\"x\"}", "no parameters");
      }
    }

    assertThat(state()).isEqualTo(before);
  }

  /** A text may be as long as a request: what it names is not there, and the answer is short. */
  @Test
  void aHugeTextIsAnsweredBriefly() throws Exception {
    String huge = "\"" + "x".repeat(HUGE_CHARS) + "\"";
    for (JsonNode method : methods) {
      for (JsonNode param : method.get("params")) {
        if (param.path("accepts").stringValue().equals("a string")) {
          String reply =
              call(method.path("name").stringValue(), params(method, param, named(param) + huge));

          assertThat(reply).hasSizeLessThan(LONGEST_REFUSAL_CHARS);
        }
      }
    }

    assertThat(state()).isEqualTo(before);
  }

  @Test
  void whatIsOnlyOfTheStartIsRefusedWhateverItsParameters() throws Exception {
    List<JsonNode> others =
        result(call("rpc_describe_methods", ""))
            .valueStream()
            .filter(method -> !methods.contains(method))
            .toList();

    assertThat(others).isNotEmpty();
    for (JsonNode method : others) {
      for (JsonNode param : method.get("params")) {
        for (String wrong : wrongValues(param)) {
          assertThat(
                  call(
                      method.path("name").stringValue(),
                      params(method, param, named(param) + wrong)))
              .contains("\"code\":-1,");
        }
      }
    }
    assertThat(state()).isEqualTo(before);
  }

  @Test
  void helpOfAMethodIsTheSameWithAServerAndWithout() {
    String socket = dir.resolve("rpc.sock").toString();

    assertThat(Cli.run("rpc", "-r", socket, "--help", "bdev_null_create").out())
        .startsWith("bdev_null_create - ")
        .isEqualTo(Cli.run("rpc", "-r", "/nowhere", "--help", "bdev_null_create").out());
  }

  @Test
  void whatIsNestedTooDeepIsNoRequestToAnyMethod() throws Exception {
    String deep = "[".repeat(70) + "]".repeat(70);

    assertThat(call("bdev_get_bdevs", "{\"name\":" + deep + "}"))
        .contains("\"code\":-32700,\"message\":\"Parse error\"");
    assertThatThrownBy(rpc::reply).isInstanceOf(EOFException.class);
  }

  private void assertRefused(JsonNode method, String params, String what) throws IOException {
    String name = method.path("name").stringValue();
    JsonNode reply = JSON.readTree(call(name, params));

    assertThat(reply.at("/error/code"))
        .as("%s %s: %s", name, what, reply)
        .isEqualTo(method.at("/wrong_params/code"));
    assertThat(reply.at("/error/message")).isEqualTo(method.at("/wrong_params/message"));
    assertThat(reply.path("id").intValue()).isEqualTo(1);
  }

  private static List<String> wrongValues(JsonNode param) {
    List<String> wrong =
        new ArrayList<>(WRONG.getOrDefault(param.path("type").stringValue(), List.of()));
    String accepts = param.path("accepts").stringValue();
    Matcher range = RANGE.matcher(accepts);
    if (range.matches()) {
      wrong.add(new BigInteger(range.group(1)).subtract(BigInteger.ONE).toString());
      wrong.add(new BigInteger(range.group(2)).add(BigInteger.ONE).toString());
    } else if (param.path("type").stringValue().equals("string") && !accepts.equals("a string")) {
      wrong.add("\"none of these\"");
    } else if (accepts.startsWith("an array of whole numbers")) {
      wrong.remove("[1]");
      wrong.addAll(List.of("[-1]", "[1.5]", "[18446744073709551616]"));
    }
    return wrong;
  }

  /** Right parameters, but for one that is given so. */
  private static String params(JsonNode method, JsonNode param, String given) {
    StringJoiner members = new StringJoiner(",", "{", "}");
    for (JsonNode other : method.get("params")) {
      if (!other.equals(param) && other.path("required").booleanValue()) {
        members.add(named(other) + sample(other));
      }
    }
    return given.isEmpty() ? members.toString() : members.add(given).toString();
  }

  private static String named(JsonNode param) {
    return param.get("name") + ":";
  }

  /** A value that fits, of nothing that is there. */
  private static String sample(JsonNode param) {
    String accepts = param.path("accepts").stringValue();
    Matcher range = RANGE.matcher(accepts);
    Matcher words = WORDS.matcher(accepts);
    return switch (param.path("type").stringValue()) {
      case "integer" -> range.matches() ? range.group(1) : "0";
      case "boolean" -> "true";
      case "array" -> accepts.contains("numbers") ? "[1]" : "[\"x\"]";
      case "object" -> "{}";
      default ->
          words.matches()
              ? "\"" + words.group(1) + "\""
              : accepts.startsWith("a UUID") ? "\"123e4567-e89b-42d3-a456-426614174000\"" : "\"x\"";
    };
  }

  private String call(String method, String params) throws IOException {
    String rest = params.isEmpty() ? "" : ",\"params\":" + params;
    rpc.send(("{\"method\":\"" + method + "\",\"id\":1" + rest + "}").getBytes(UTF_8));
    return rpc.reply();
  }

  private static JsonNode result(String reply) {
    return JSON.readTree(reply).get("result");
  }

  private String state() throws IOException {
    return call("bdev_get_bdevs", "") + call("vhost_get_controllers", "");
  }
}
