package io.millrace.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

final class ConfigurationTest {
  private final Configuration configuration = new Configuration();
  private final List<String> told = new ArrayList<>();

  @BeforeEach
  void listen() {
    configuration.addListener(
        new Configuration.Listener() {
          @Override
          public void put(long order, Configuration.Entry entry) {
            told.add("put " + order + " " + entry.id() + " " + entry.params());
          }

          @Override
          public void removed(long order, Configuration.Entry entry) {
            told.add("removed " + order + " " + entry.id());
          }
        });
  }

  @Test
  void aSettingThatChangesKeepsItsPlace() {
    put("bdev/a", 1);
    put("bdev/b", 1);
    put("bdev/a", 2);

    assertEquals(List.of("bdev/a", "bdev/b"), ids());
    assertEquals(
        List.of("put 0 bdev/a {\"n\":1}", "put 1 bdev/b {\"n\":1}", "put 0 bdev/a {\"n\":2}"),
        told);
  }

  @Test
  void theSameCallAgainIsNoChange() {
    put("bdev/a", 1);
    told.clear();
    put("bdev/a", 1);

    assertEquals(List.of(), told);
  }

  @Test
  void whatIsSetOnAThingGoesWithIt() {
    put("bdev/a", 1);
    put("bdev/a/qos", 1);
    put("bdev/a0", 1);
    put("bdev/a-b", 1);
    told.clear();
    configuration.remove("bdev/a");

    assertEquals(List.of("bdev/a0", "bdev/a-b"), ids());
    assertEquals(List.of("removed 1 bdev/a/qos", "removed 0 bdev/a"), told);
  }

  @Test
  void aThingThatComesAgainComesLast() {
    put("bdev/a", 1);
    put("bdev/b", 1);
    configuration.remove("bdev/a");
    put("bdev/a", 1);

    assertEquals(List.of("bdev/b", "bdev/a"), ids());
  }

  @Test
  void whatTheCallerDoesWithItsParametersLaterIsNotRecorded() {
    ObjectNode params = JsonNodeFactory.instance.objectNode().put("n", 1);
    configuration.put("bdev", "bdev/a", "make", params);
    params.put("n", 2);

    assertEquals(
        "{\"n\":1}",
        String.valueOf(configuration.find("bdev/a").map(Configuration.Entry::params).orElse(null)));
  }

  @Test
  void whatIsToComeLastStaysBehindWhatIsRecordedLater() {
    configuration.putLast("s", "start", "m", null);
    put("bdev/a", 1);
    put("bdev/b", 1);

    assertEquals(List.of("bdev/a", "bdev/b", "start"), ids());
  }

  @Test
  void aNameWithASlashIsNotBelowAnotherName() {
    put(Configuration.id("bdev", "a"), 1);
    put(Configuration.id("bdev", "a/b"), 1);
    put(Configuration.id("bdev", "a", "qos"), 1);
    configuration.remove(Configuration.id("bdev", "a"));

    assertEquals(List.of("bdev/a%2Fb"), ids());
  }

  @Test
  void whatGoesWithTheServerStaysConfigured() {
    put("bdev/a", 1);
    told.clear();
    configuration.seal();
    configuration.remove("bdev/a");
    put("bdev/b", 1);

    assertEquals(List.of("bdev/a"), ids());
    assertEquals(List.of(), told);
  }

  private void put(String id, int value) {
    configuration.put("bdev", id, "make", JsonNodeFactory.instance.objectNode().put("n", value));
  }

  private List<String> ids() {
    return configuration.entries().stream().map(Configuration.Entry::id).toList();
  }
}
