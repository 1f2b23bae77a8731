package io.millrace.rpc.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A crash at any byte leaves what was acknowledged, or that and calls that were under way. */
class ConfigurationCrashTest {
  private static final List<List<String>> SCRIPT =
      List.of(
          List.of("make", "{\"name\": \"a\"}"),
          List.of("make", "{\"name\": \"b\", \"on\": \"a\"}"),
          List.of("option", "{\"value\": 1}"),
          List.of("make", "{\"name\": \"c\", \"on\": \"b\"}"),
          List.of("make", "{\"name\": \"d\"}"),
          List.of("option", "{\"value\": 2}"),
          List.of("drop", "{\"name\": \"a\"}"),
          List.of("make", "{\"name\": \"a\", \"on\": \"d\"}"));

  private static final List<String> AFTER =
      List.of(
          "[]",
          "[a]",
          "[a, b]",
          "[a, b]",
          "[a, b, c]",
          "[a, b, c, d]",
          "[a, b, c, d]",
          "[d]",
          "[d, a]");

  @TempDir Path temp;

  @Test
  void aCrashAtEveryByteLeavesTheStateBeforeOrAfterACall() throws Exception {
    Path whole = temp.resolve("whole");
    List<Long> ends = new ArrayList<>();
    try (KeptRig rig = KeptRig.start(whole, StateFile::open)) {
      ends.add(Files.size(whole.resolve("state")));
      for (List<String> call : SCRIPT) {
        assertThat(rig.call(call.get(0), call.get(1))).isEqualTo("true");
        ends.add(Files.size(whole.resolve("state")));
      }
    }
    byte[] file = Files.readAllBytes(whole.resolve("state"));
    Path cut = Files.createDirectory(temp.resolve("cut"));
    int done = 0;
    for (int length = (int) (long) ends.getFirst(); length <= file.length; length++) {
      Files.write(cut.resolve("state"), Arrays.copyOf(file, length));
      done += done + 1 < ends.size() && ends.get(done + 1) <= length ? 1 : 0;

      assertThat(things(KeptRig.kept(cut))).as("%d bytes", length).isEqualTo(AFTER.get(done));
    }
    assertThat(done).isEqualTo(SCRIPT.size());
  }

  private static String things(List<String> ids) {
    return ids.stream()
        .filter(id -> id.startsWith("thing/"))
        .map(id -> id.substring("thing/".length()))
        .toList()
        .toString();
  }

  /** Calls of which several are under way, with texts so long that the file is replaced often. */
  @Property(tries = 15)
  void whateverWasUnderWayWhatWasAcknowledgedIsThere(@ForAll long seed) throws Exception {
    Path dir = Files.createTempDirectory("configuration-crash");
    try {
      Random random = new Random(seed);
      FaultyDisk disk = new FaultyDisk().dyingAfter(200 + random.nextInt(4_000_000));
      int acknowledged = 0;
      int begun = 0;
      try (KeptRig rig = KeptRig.start(dir, disk)) {
        boolean alive = true;
        while (alive && begun < 60) {
          List<CompletableFuture<JsonNode>> group = new ArrayList<>();
          int size = 1 + random.nextInt(5);
          for (int i = 0; i < size; i++, begun++) {
            group.add(rig.begin("make", thing(begun, random.nextInt(120_000))));
          }
          for (CompletableFuture<JsonNode> each : group) {
            alive &= each.handle((ok, failure) -> failure == null).get(20, TimeUnit.SECONDS);
            acknowledged += alive ? 1 : 0;
          }
        }
      }

      List<String> kept = KeptRig.kept(dir);

      assertThat(kept.size()).as("seed %d", seed).isBetween(acknowledged, begun);
      for (int i = 0; i < kept.size(); i++) {
        assertThat(kept.get(i)).isEqualTo("thing/t" + i);
      }
      try (KeptRig rig = KeptRig.start(dir, StateFile::open)) {
        assertThat(rig.journal.failed()).isEmpty();
      }
    } finally {
      try (Stream<Path> all = Files.walk(dir)) {
        all.sorted(Comparator.reverseOrder()).forEach(each -> each.toFile().delete());
      }
    }
  }

  private static String thing(int number, int text) {
    return "{\"name\": \"t%d\", \"text\": \"%s\"}".formatted(number, "x".repeat(text));
  }
}
