package io.millrace.server.metrics;

import io.millrace.server.metrics.Exposition.Family;
import tools.jackson.databind.JsonNode;

/** The threads that poll, and the control thread, by {@code vhost_get_iostat}. */
final class ReactorFamilies {
  private ReactorFamilies() {}

  static void add(JsonNode iostat, Exposition page) {
    Family seconds =
        page.counter(
            "millrace_reactor_seconds_total",
            "Time of a reactor: busy in rounds that found work, idle in others, or asleep.");
    Family rounds = page.counter("millrace_reactor_rounds_total", "Rounds of polling.");
    Family sleeps = page.counter("millrace_reactor_sleeps_total", "Times that it went to sleep.");
    Family wakeUps =
        page.counter(
            "millrace_reactor_wakeups_total",
            "Times that a queue at rest was woken, by a kick most of the time.");
    double tick = 1 / iostat.path("tick_rate").asDouble(1e9);
    for (JsonNode reactor : iostat.path("reactors")) {
      String name = reactor.path("name").asString("");
      for (State state : State.values()) {
        seconds.add(
            reactor.path(state.member).asLong(0) * tick, "reactor", name, "state", state.label);
      }
      rounds.add(reactor.path("rounds").asLong(0), "reactor", name);
      sleeps.add(reactor.path("sleeps").asLong(0), "reactor", name);
      wakeUps.add(reactor.path("wakeups").asLong(0), "reactor", name);
    }
  }

  private enum State {
    BUSY("busy", "busy"),
    IDLE("idle", "idle"),
    SLEEPING("sleeping", "asleep");

    private final String member;
    private final String label;

    State(String member, String label) {
      this.member = member;
      this.label = label;
    }
  }
}
