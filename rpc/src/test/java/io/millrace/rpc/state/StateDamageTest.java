package io.millrace.rpc.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.rpc.state.StateFormat.Damage;
import io.millrace.rpc.state.StateFormat.Replayed;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that was cut, torn or damaged: the state before or after a change, or a refusal. */
class StateDamageTest {
  @TempDir Path temp;

  private byte[] file = new byte[0];
  private final List<Integer> ends = new ArrayList<>(); // of the file after each change
  private final List<Map<String, String>> states = new ArrayList<>();

  @BeforeEach
  void writeAFile() {
    Map<String, String> now = new TreeMap<>(Map.of("kept", "since the snapshot", "other", "x"));
    add(StateFormat.snapshot(bytes(now), 5), now);
    List<List<StateChange>> batches =
        List.of(
            List.of(StateChange.put("a", "one".getBytes(UTF_8))),
            List.of(StateChange.put("a", "two".getBytes(UTF_8)), StateChange.remove("kept")),
            List.of(StateChange.put("long", "y".repeat(1300).getBytes(UTF_8))),
            List.of(StateChange.remove("a"), StateChange.put("empty", new byte[0])),
            List.of(StateChange.put("last", "z".repeat(700).getBytes(UTF_8))));
    for (int i = 0; i < batches.size(); i++) {
      for (StateChange change : batches.get(i)) {
        byte[] value = change.value();
        if (value == null) {
          now.remove(change.key());
        } else {
          now.put(change.key(), new String(value, UTF_8));
        }
      }
      add(StateFormat.batch(batches.get(i), 5 + i), now);
    }
  }

  private static Map<String, byte[]> bytes(Map<String, String> of) {
    Map<String, byte[]> bytes = new TreeMap<>();
    of.forEach((key, value) -> bytes.put(key, value.getBytes(UTF_8)));
    return bytes;
  }

  private void add(ByteBuffer more, Map<String, String> now) {
    int before = file.length;
    file = Arrays.copyOf(file, before + more.remaining());
    more.get(file, before, more.remaining());
    ends.add(file.length);
    states.add(new TreeMap<>(now));
  }

  private static Map<String, String> replay(byte[] file) throws Damage {
    Replayed replayed = StateFormat.replay(ByteBuffer.wrap(file));
    Map<String, String> all = new TreeMap<>();
    replayed.records().forEach((key, value) -> all.put(key, new String(value, UTF_8)));
    return all;
  }

  private int changesUpTo(int length) {
    return (int) ends.stream().filter(end -> end <= length).count() - 1;
  }

  @Test
  void cutAnywhereItIsWhatWasWholeThen() throws Exception {
    for (int length = ends.getFirst(); length <= file.length; length++) {
      assertThat(replay(Arrays.copyOf(file, length)))
          .as("cut at %d", length)
          .isEqualTo(states.get(changesUpTo(length)));
    }
    for (int length = 0; length < ends.getFirst(); length++) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> replay(cut)).as("cut at %d", length).isInstanceOf(Damage.class);
    }
  }

  @Test
  void anyBitThatFlipsIsRefused() {
    for (int bit = 0; bit < 8 * file.length; bit++) {
      byte[] flipped = file.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> replay(flipped)).as("bit %d", bit).isInstanceOf(Damage.class);
    }
  }

  @Test
  void aSectorOfTheLastChangeThatWasNeverWrittenTakesBackThatChangeOnly() throws Exception {
    int last = ends.get(ends.size() - 2);
    int sectors = 0;
    for (int from = last; from < file.length; from = (from / 512 + 1) * 512) {
      byte[] torn = file.clone();
      Arrays.fill(torn, from, Math.min(file.length, (from / 512 + 1) * 512), (byte) 0);
      assertThat(replay(torn)).as("from %d", from).isEqualTo(states.get(states.size() - 2));
      sectors++;
    }
    assertThat(sectors).isGreaterThan(1);
    assertThat(replay(Arrays.copyOf(file, file.length + 3000))).isEqualTo(states.getLast());
  }

  @Test
  void aSectorOfAnEarlierChangeThatIsGoneIsRefused() {
    int from = (ends.get(2) / 512 + 1) * 512; // within the long value
    byte[] holed = file.clone();
    Arrays.fill(holed, from, from + 512, (byte) 0);

    assertThatThrownBy(() -> replay(holed)).isInstanceOf(Damage.class);
  }

  @Test
  void aChangeThatIsMissingOrThereTwiceIsRefused() {
    byte[] missing = new byte[file.length - (ends.get(2) - ends.get(1))];
    System.arraycopy(file, 0, missing, 0, ends.get(1));
    System.arraycopy(file, ends.get(2), missing, ends.get(1), file.length - ends.get(2));
    int batch = file.length - ends.get(ends.size() - 2);
    byte[] twice = Arrays.copyOf(file, file.length + batch);
    System.arraycopy(file, file.length - batch, twice, file.length, batch);

    assertThatThrownBy(() -> replay(missing)).isInstanceOf(Damage.class);
    assertThatThrownBy(() -> replay(twice)).isInstanceOf(Damage.class);
  }

  @Test
  void theLineSaysWhichFileAndTheWayOut() throws Exception {
    Path state = Files.createDirectory(temp.resolve("d")).resolve("state");
    byte[] flipped = file.clone();
    flipped[ends.get(1) + 30] ^= 1;
    Files.write(state, flipped);

    assertThatThrownBy(() -> StateStore.open(temp.resolve("d")))
        .isInstanceOf(StateException.class)
        .hasMessage(
            state
                + ": it is damaged at byte "
                + ends.get(1)
                + "; put a copy back that is in order, or remove the file to begin without state");
    assertThat(Files.readAllBytes(state)).isEqualTo(flipped);
    byte[] newer = file.clone();
    newer[11] = 2;
    Files.write(state, newer);
    assertThatThrownBy(() -> StateStore.open(temp.resolve("d")))
        .hasMessageStartingWith(state + ": it has version 2, this Millrace knows 1; ");
    Files.writeString(state, "{}");
    assertThatThrownBy(() -> StateStore.open(temp.resolve("d")))
        .hasMessageStartingWith(state + ": this is no state of Millrace; ");
  }

  @Test
  void afterATornChangeItGoesOnAndAHalfWrittenNewFileIsForgotten() throws Exception {
    Path dir = Files.createDirectory(temp.resolve("d"));
    Files.write(dir.resolve("state"), Arrays.copyOf(file, file.length - 1));
    Files.write(dir.resolve("state.new"), Arrays.copyOf(file, 40));
    Map<String, String> expected = new TreeMap<>(states.get(states.size() - 2));
    try (StateStore store = StateStore.open(dir)) {
      assertThat(StateStoreTest.contents(store)).isEqualTo(expected);
      StateStoreTest.done(store.put("new", "n".getBytes(UTF_8)));
    }

    expected.put("new", "n");
    try (StateStore store = StateStore.open(dir)) {
      assertThat(StateStoreTest.contents(store)).isEqualTo(expected);
    }
    assertThat(dir.toFile().list()).containsExactlyInAnyOrder("lock", "state");
  }
}
