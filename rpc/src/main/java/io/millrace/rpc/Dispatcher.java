package io.millrace.rpc;

import static io.millrace.rpc.internal.Json.NODES;

import io.millrace.rpc.internal.Json;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.RawValue;

/** From a request or batch to its reply, by SPDK's reading of JSON-RPC 2.0. Control thread. */
final class Dispatcher {
  /** Longest text of an error, in characters; what is longer is cut. */
  static final int MAX_ERROR_CHARS = 1000;

  /** Results of a batch beyond this are errors, so that it has room for those as well. */
  static final int MAX_BATCH_CHARS = 8 * 1024 * 1024;

  private final MethodRegistry registry;
  private final Executor controlThread;

  /**
   * A dispatcher into {@code registry}.
   *
   * @param controlThread runs at once when already there; replies are put together on it
   */
  Dispatcher(MethodRegistry registry, Executor controlThread) {
    this.registry = registry;
    this.controlThread = controlThread;
  }

  /**
   * Handles one value of the wire. {@code reply} runs exactly once on the control thread, with null
   * when there is nothing to send: a notification that succeeded.
   */
  void handle(JsonNode value, Consumer<@Nullable JsonNode> reply) {
    if (value.isArray() && !value.isEmpty()) {
      new Batch(value.size(), reply).handle(value);
    } else if (value.isObject()) {
      single(value, reply);
    } else {
      reply.accept(invalidRequest("a request is an object, or an array of them"));
    }
  }

  private void single(JsonNode request, Consumer<@Nullable JsonNode> reply) {
    String problem = problemWith(request);
    if (problem != null) {
      reply.accept(invalidRequest(problem));
      return;
    }
    JsonNode id = request.path("id");
    String method = request.path("method").stringValue();
    long begunNanos = System.nanoTime();
    registry.statistics().begun();
    registry
        .call(method, request.get("params"))
        .whenComplete((result, failure) ->
            controlThread.execute(() -> {
              ended(method, failure != null, System.nanoTime() - begunNanos);
              reply.accept(replyTo(id, result, failure));
            }));
  }

  private void ended(String method, boolean failed, long nanos) {
    String known = registry.find(method).map(RpcMethod::name).orElse(CallStatistics.UNKNOWN);
    registry.statistics().ended(known, failed, nanos);
  }

  private static @Nullable String problemWith(JsonNode request) {
    if (!request.isObject()) {
      return "a request is an object";
    }
    for (String name : request.propertyNames()) {
      if (request.path(name).isPojo()) {
        return name + " is given twice";
      }
      switch (name) {
        case "jsonrpc", "method", "params", "id" -> {}
        default -> {
          return "unknown member " + name;
        }
      }
    }
    JsonNode version = request.get("jsonrpc");
    if (version != null && !(version.isString() && version.stringValue().equals("2.0"))) {
      return "jsonrpc must be \"2.0\"";
    }
    if (!request.path("method").isString()) {
      return "method must be a string";
    }
    JsonNode id = request.get("id");
    if (id != null && !id.isString() && !id.isNumber() && !id.isNull()) {
      return "id must be a string, a number or null";
    }
    JsonNode params = request.get("params");
    return params == null || params.isObject() || params.isArray() || params.isNull()
        ? null
        : "params must be an object, an array or null";
  }

  private static @Nullable JsonNode replyTo(
      JsonNode id, @Nullable JsonNode result, @Nullable Throwable failure) {
    if (failure != null) {
      return error(id, asRpcException(failure));
    }
    if (id.isMissingNode() || id.isNull()) {
      return null;
    }
    ObjectNode reply = envelope(id);
    reply.set("result", result == null ? NullNode.instance : result);
    return reply;
  }

  private static RpcException asRpcException(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof RpcException known
        ? known
        : new RpcException(RpcException.INTERNAL_ERROR, "Internal error", cause.toString());
  }

  /** The reply to what was not even a request. */
  static ObjectNode invalidRequest(String detail) {
    return error(
        NullNode.instance,
        new RpcException(RpcException.INVALID_REQUEST, "Invalid request", detail));
  }

  /** The reply to what is not JSON. */
  static ObjectNode parseError(String detail) {
    return error(
        NullNode.instance, new RpcException(RpcException.PARSE_ERROR, "Parse error", detail));
  }

  static ObjectNode error(JsonNode id, RpcException e) {
    ObjectNode reply = envelope(id);
    ObjectNode error = reply.putObject("error");
    error.put("code", e.code());
    error.put("message", abbreviated(e.error()));
    if (e.detail() != null) {
      error.put("data", abbreviated(e.detail()));
    }
    return reply;
  }

  /** A client's own value may be in it, and be as long as a request. */
  private static String abbreviated(String text) {
    return text.length() <= MAX_ERROR_CHARS
        ? text
        : text.substring(0, MAX_ERROR_CHARS) + "... (" + text.length() + " characters)";
  }

  private static ObjectNode envelope(JsonNode id) {
    ObjectNode reply = NODES.objectNode();
    reply.put("jsonrpc", "2.0");
    reply.set("id", id.isMissingNode() ? NullNode.instance : id);
    return reply;
  }

  /** Collects the replies of a batch in the order in which they come. */
  private final class Batch {
    private final Consumer<@Nullable JsonNode> reply;
    private final ArrayNode replies = NODES.arrayNode(); // as text: a tree of it is ten times that
    private long chars;
    private int outstanding;

    Batch(int size, Consumer<@Nullable JsonNode> reply) {
      this.outstanding = size;
      this.reply = reply;
    }

    void handle(JsonNode requests) {
      requests.forEach(request -> single(request, this::one));
    }

    private void one(@Nullable JsonNode answer) {
      if (answer != null) {
        add(answer);
      }
      if (--outstanding == 0) {
        reply.accept(replies.isEmpty() ? null : replies);
      }
    }

    /** A result that the reply has no room for any more is not kept until all are there. */
    private void add(JsonNode answer) {
      String text = Json.WIRE.writeValueAsString(answer);
      if (chars + text.length() >= MAX_BATCH_CHARS) {
        text =
            Json.WIRE.writeValueAsString(
                error(
                    answer.path("id"),
                    new RpcException(
                        RpcException.INTERNAL_ERROR,
                        "Internal error",
                        "the batch's replies are too long; ask for less at a time")));
      }
      chars += text.length();
      replies.add(NODES.rawValueNode(new RawValue(text)));
    }
  }
}
