package io.millrace.rpc.state;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.rpc.state.StateFormat.Damage;
import io.millrace.rpc.state.StateFormat.Replayed;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Any file is refused by one line, or goes on: what is appended to it is read back with the rest.
 */
class StateFormatFuzzTest {
  @FuzzTest
  void everyFileIsReadOrRefused(byte[] bytes) throws Damage {
    Replayed replayed;
    try {
      replayed = StateFormat.replay(ByteBuffer.wrap(bytes));
    } catch (Damage e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
      return;
    }
    int intact = replayed.intactBytes();
    assertThat(intact).isBetween(StateFormat.HEADER_BYTES, bytes.length);
    ByteBuffer more =
        StateFormat.batch(List.of(StateChange.put("new", new byte[] {1})), replayed.nextSequence());
    byte[] longer = Arrays.copyOf(bytes, intact + more.remaining());
    more.get(longer, intact, more.remaining());

    Replayed again = StateFormat.replay(ByteBuffer.wrap(longer));

    replayed.records().put("new", new byte[] {1});
    assertThat(again.records().keySet()).isEqualTo(replayed.records().keySet());
    assertThat(again.nextSequence()).isEqualTo(replayed.nextSequence() + 1);
    Replayed compacted =
        StateFormat.replay(StateFormat.snapshot(again.records(), again.nextSequence()));
    assertThat(compacted.records().keySet()).isEqualTo(again.records().keySet());
  }
}
