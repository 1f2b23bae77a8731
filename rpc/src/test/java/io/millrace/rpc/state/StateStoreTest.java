package io.millrace.rpc.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records outlive the process, whenever it ends. */
class StateStoreTest {
  @TempDir Path temp;
  private Path dir;

  @BeforeEach
  void name() {
    dir = temp.resolve("state.d");
  }

  static void done(CompletionStage<@Nullable Void> change) throws Exception {
    change.toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  static Map<String, String> contents(StateStore store) {
    Map<String, String> all = new TreeMap<>();
    for (String key : store.keys("")) {
      all.put(key, new String(store.get(key).orElseThrow(), UTF_8));
    }
    return all;
  }

  private Map<String, String> reopened() throws Exception {
    try (StateStore store = StateStore.open(dir)) {
      return contents(store);
    }
  }

  @Test
  void whatWasAcknowledgedIsThereAgain() throws Exception {
    try (StateStore store = StateStore.open(dir)) {
      done(store.put("a/1", "one".getBytes(UTF_8)));
      done(store.put("a/2", "two".getBytes(UTF_8)));
      done(store.put("b", new byte[0]));
      done(store.put("a/1", "uno".getBytes(UTF_8)));
      done(store.remove("a/2"));
      done(store.remove("never"));

      assertThat(store.keys("a/")).containsExactly("a/1");
      assertThat(store.get("a/2")).isEmpty();
    }

    assertThat(reopened()).isEqualTo(Map.of("a/1", "uno", "b", ""));
  }

  @Test
  void changesThatWaitAreDoneInOrderBeforeItCloses() throws Exception {
    List<CompletableFuture<@Nullable Void>> all = new ArrayList<>();
    try (StateStore store = StateStore.open(dir)) {
      for (int i = 0; i < 2000; i++) {
        all.add(store.put("k" + i % 7, ("" + i).getBytes(UTF_8)).toCompletableFuture());
      }
    }

    assertThat(all).allMatch(each -> each.isDone() && !each.isCompletedExceptionally());
    assertThat(reopened()).containsEntry("k3", "1998").hasSize(7);
  }

  @Test
  void aLongJournalIsReplacedByWhatItComesTo() throws Exception {
    byte[] large = new byte[100_000];
    try (StateStore store = StateStore.open(dir)) {
      done(store.put("small", "x".getBytes(UTF_8)));
      for (int i = 0; i < 40; i++) {
        large[0] = (byte) ('a' + i % 26);
        done(store.put("large", large));
      }
    }

    assertThat(Files.size(dir.resolve("state"))).isLessThan(2 << 20);
    assertThat(dir.toFile().list()).containsExactlyInAnyOrder("lock", "state");
    assertThat(reopened()).hasSize(2).containsEntry("small", "x");
  }

  @Test
  void oneProcessAtATimeHasIt() throws Exception {
    try (StateStore first = StateStore.open(dir)) {
      assertThatThrownBy(() -> StateStore.open(dir))
          .isInstanceOf(StateException.class)
          .hasMessage(
              dir
                  + ": another process uses it (it holds "
                  + dir.resolve("lock")
                  + "); stop that one"
                  + " or choose another directory");
      done(first.put("a", new byte[1]));
    }

    assertThat(reopened()).hasSize(1);
  }

  @Test
  void whatIsTooLargeOrTooLateIsRefused() throws Exception {
    StateStore store = StateStore.open(dir);
    assertThatThrownBy(() -> store.put("a", new byte[StateStore.MAX_VALUE_BYTES + 1]))
        .isInstanceOf(IllegalArgumentException.class);
    for (String key : List.of("", "a b", "ä", "k".repeat(StateStore.MAX_KEY_BYTES + 1))) {
      assertThatThrownBy(() -> store.put(key, new byte[1]))
          .isInstanceOf(IllegalArgumentException.class);
    }
    done(store.put("k".repeat(StateStore.MAX_KEY_BYTES), new byte[StateStore.MAX_VALUE_BYTES]));
    store.close();

    assertThat(store.put("a", new byte[1]).toCompletableFuture())
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withMessageContaining("closed");
  }

  @Test
  void moreThanTheLimitIsRefusedAndTheRestStays() throws Exception {
    byte[] value = new byte[StateStore.MAX_VALUE_BYTES];
    try (StateStore store = StateStore.open(dir)) {
      for (int i = 0; i < 31; i++) {
        done(store.put("k" + i, value));
      }
      assertThatThrownBy(() -> done(store.put("k31", value))).hasMessageContaining("too many");
      done(store.put("k30", new byte[1]));
      done(store.put("k31", value));
      assertThat(store.keys("")).hasSize(32);
    }
  }

  @Test
  void aFileThatCannotBeReplacedGoesOnGrowing() throws Exception {
    byte[] large = new byte[StateStore.MAX_VALUE_BYTES];
    try (StateStore store = StateStore.open(dir)) {
      Files.createDirectories(dir.resolve("state.new/in-the-way"));
      for (int i = 0; i < 4; i++) {
        done(store.put("large", large));
      }
      Files.delete(dir.resolve("state.new/in-the-way"));
      Files.delete(dir.resolve("state.new"));
    }

    assertThat(Files.size(dir.resolve("state"))).isGreaterThan(4 << 20);
    assertThat(reopened()).hasSize(1);
  }

  @Test
  void aDirectoryThatCannotBeMadeIsSaid() throws IOException {
    Path file = Files.createFile(temp.resolve("file"));

    assertThatThrownBy(() -> StateStore.open(file.resolve("below")))
        .isInstanceOf(StateException.class)
        .hasMessageStartingWith(file.resolve("below") + ": cannot be used as state directory: ")
        .hasMessageContaining("choose another");
    assertThatThrownBy(() -> StateStore.open(file)).isInstanceOf(StateException.class);
  }
}
