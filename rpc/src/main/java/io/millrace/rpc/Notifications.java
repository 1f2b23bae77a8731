package io.millrace.rpc;

import io.millrace.linux.Errno;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What happened lately, for clients that ask for it from time to time: numbered from 0 for the life
 * of the process, the last {@value #KEPT} kept. Control thread.
 */
public final class Notifications {
  /** As many as SPDK keeps. */
  static final int KEPT = 1024;

  private record Event(long id, String type, String context) {}

  private final Set<String> types = new LinkedHashSet<>();
  private final Deque<Event> events = new ArrayDeque<>();
  private long next;

  /** Nothing has happened yet. */
  public Notifications() {}

  /** Adds {@code notify_get_types} and {@code notify_get_notifications}. */
  public void addTo(MethodRegistry methods) {
    methods.add(
        RpcMethod.named("notify_get_types", "Lists the types of notifications that there are")
            .badParams(RpcException.INVALID_PARAMS, "No parameters required")
            .handledBy(none -> CompletableFuture.completedStage(types())));
    methods.add(
        RpcMethod.named("notify_get_notifications", "Lists what happened lately")
            .badParams(RpcException.INVALID_PARAMS, Errno.EINVAL.describe())
            .param(Param.uint64("id", "from this number on").orElse(0))
            .param(Param.uint64("max", "how many at most; all without").orElse(Long.MAX_VALUE))
            .handledBy(this::get));
  }

  /** Declares a type that there may be. */
  public void addType(String type) {
    types.add(type);
  }

  /**
   * Something happened.
   *
   * @param type one that was declared
   * @param context what to, a bdev's name for one
   */
  public void add(String type, String context) {
    if (!types.contains(type)) {
      throw new IllegalArgumentException("no type " + type);
    }
    if (events.size() == KEPT) {
      events.removeFirst();
    }
    events.addLast(new Event(next++, type, context));
  }

  private ArrayNode types() {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    types.forEach(all::add);
    return all;
  }

  private CompletionStage<JsonNode> get(Arguments arguments) {
    long from = arguments.integer("id");
    ArrayNode found = JsonNodeFactory.instance.arrayNode();
    events.stream()
        .filter(event -> event.id >= from)
        .limit(arguments.integer("max"))
        .forEach(event -> {
          ObjectNode node = found.addObject();
          node.put("type", event.type);
          node.put("ctx", event.context);
          node.put("id", event.id);
        });
    return CompletableFuture.completedStage(found);
  }
}
