package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class NotificationsTest {
  private final MethodRegistry methods = new MethodRegistry();
  private final Notifications notifications = new Notifications();

  @BeforeEach
  void declare() {
    notifications.addType("one");
    notifications.addTo(methods);
    methods.enterRuntime();
  }

  private JsonNode get(String parameters) {
    return methods
        .call("notify_get_notifications", new JsonMapper().readTree(parameters))
        .toCompletableFuture()
        .join();
  }

  @Test
  void theLastThousandAreKeptAndNumbersGoOn() {
    for (int i = 0; i < 2000; i++) {
      notifications.add("one", "c" + i);
    }

    JsonNode all = get("{}");
    assertThat(all.size()).isEqualTo(Notifications.KEPT);
    assertThat(all.get(0).get("id").longValue()).isEqualTo(2000 - Notifications.KEPT);
    assertThat(all.get(0).get("ctx").stringValue()).isEqualTo("c" + (2000 - Notifications.KEPT));
    assertThat(get("{\"id\": 1999}").size()).isEqualTo(1);
    assertThat(get("{\"id\": 2000}").size()).isZero();
    assertThat(get("{\"max\": 0}").size()).isZero();
  }

  @Test
  void aTypeThatNobodyDeclaredIsAMistake() {
    assertThatThrownBy(() -> notifications.add("two", "c")).hasMessage("no type two");
  }
}
