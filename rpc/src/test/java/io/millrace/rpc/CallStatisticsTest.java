package io.millrace.rpc;

import static io.millrace.rpc.internal.Json.NODES;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.CallStatistics.Calls;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class CallStatisticsTest {
  private final TestMethods methods = new TestMethods();
  private final Dispatcher dispatcher = new Dispatcher(methods.registry, Runnable::run);
  private final CallStatistics statistics = methods.registry.statistics();

  @BeforeEach
  void enterRuntime() {
    methods.registry.enterRuntime();
  }

  private @Nullable JsonNode call(String method) {
    JsonNode[] answer = new JsonNode[1];
    dispatcher.handle(
        NODES.objectNode().put("method", method).put("id", 1), reply -> answer[0] = reply);
    return answer[0];
  }

  @Test
  void callsAreCountedByMethodErrorsAmongThem() {
    call("ping");
    call("missing");
    call("ping");

    assertThat(statistics.all()).extracting(Calls::method).containsExactly("ping", "missing");
    assertThat(statistics.all()).extracting(Calls::answered).containsExactly(2L, 1L);
    assertThat(statistics.all()).extracting(Calls::failed).containsExactly(0L, 1L);
    assertThat(statistics.all().getFirst().nanos()).isPositive();
  }

  @Test
  void aMethodIsCountedUnderItsOwnNameWhateverItWasCalled() {
    call("repeat");

    assertThat(statistics.all()).extracting(Calls::method).containsExactly("echo");
  }

  @Test
  void namesThatAClientMakesUpAreOneAndTakeNoMemory() {
    for (int i = 0; i < 1000; i++) {
      call("made_up_" + i);
    }

    assertThat(statistics.all()).extracting(Calls::method).containsExactly(CallStatistics.UNKNOWN);
    assertThat(statistics.all().getFirst().failed()).isEqualTo(1000);
  }

  @Test
  void aCallIsInProgressUntilItIsAnswered() {
    assertThat(call("slow")).isNull();
    assertThat(statistics.inProgress()).isEqualTo(1);
    assertThat(statistics.all()).isEmpty();

    methods.slow.complete(NODES.booleanNode(true));

    assertThat(statistics.inProgress()).isZero();
    assertThat(statistics.all()).extracting(Calls::method).containsExactly("slow");
  }

  @Test
  void whatTheProgramCallsForItselfIsNotCounted() {
    var _ = methods.registry.call("ping", null);

    assertThat(statistics.all()).isEmpty();
  }
}
