package io.millrace.rpc.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.Errno;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What was configured is there again, and what cannot be kept is not done. */
@Timeout(60)
class ConfigurationJournalTest {
  @TempDir Path dir;
  private final FaultyDisk disk = new FaultyDisk();

  private KeptRig start(String... unmakable) throws Exception {
    return KeptRig.start(dir, disk, unmakable);
  }

  private static String named(String name) {
    return "{\"name\": \"" + name + "\"}";
  }

  private static String on(String name, String base) {
    return "{\"name\": \"" + name + "\", \"on\": \"" + base + "\"}";
  }

  @Test
  void whatWasConfiguredIsThereAgainInItsOrder() throws Exception {
    try (KeptRig rig = start()) {
      rig.call("make", named("z"));
      rig.call("make", on("a", "z"));
      rig.call("make", named("gone"));
      rig.call("option", "{\"value\": 1}");
      rig.call("make", named("m"));
      rig.call("drop", named("gone"));
      rig.call("option", "{\"value\": 2}");
      rig.call("make", named("gone"));
    }

    try (KeptRig rig = start()) {
      assertThat(rig.things()).isEqualTo("[z, a, m, gone]");
      assertThat(rig.methods.configuration().find("option").orElseThrow().params())
          .hasToString("{\"value\":2}");
      rig.call("make", named("b"));
    }
    assertThat(KeptRig.kept(dir))
        .containsExactly("thing/z", "thing/a", "option", "thing/m", "thing/gone", "thing/b");
  }

  @Test
  void whatIsDeletedTakesWhatStandsOnItAlong() throws Exception {
    try (KeptRig rig = start()) {
      rig.call("make", named("base"));
      rig.call("make", on("upper", "base"));
      rig.call("make", named("other"));
      rig.call("drop", named("base"));
    }

    try (KeptRig rig = start()) {
      assertThat(rig.things()).isEqualTo("[other]");
    }
  }

  @Test
  void whatVanishesWithoutACallIsGoneAtTheNextStartToo() throws Exception {
    try (KeptRig rig = start()) {
      rig.call("make", named("a"));
      rig.call("make", named("b"));
      rig.on(() -> {
        rig.vanish("a");
        return CompletableFuture.completedStage(null);
      });
    }

    assertThat(KeptRig.kept(dir)).containsExactly("thing/b");
  }

  @Test
  void whatEndsBecauseTheServerEndsStays() throws Exception {
    try (KeptRig rig = start()) {
      rig.call("make", named("a"));
      rig.on(() -> {
        rig.methods.configuration().seal();
        rig.vanish("a");
        return CompletableFuture.completedStage(null);
      });
    }

    assertThat(KeptRig.kept(dir)).containsExactly("thing/a");
  }

  @Test
  void whoAsksAfterAChangeSeesItAndManyChangesMaySpareEachOtherTheDisk() throws Exception {
    List<CompletableFuture<JsonNode>> all = new ArrayList<>();
    try (KeptRig rig = start()) {
      for (int i = 0; i < 200; i++) {
        all.add(rig.begin("make", i == 0 ? named("t0") : on("t" + i, "t" + (i - 1))));
      }
      CompletableFuture<JsonNode> asked = rig.begin("things_get_all", "{}");

      assertThat(asked.get().asString()).contains("t0,", "t199");
      CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get();
      CompletableFuture<JsonNode> made = rig.begin("make", named("short"));
      CompletableFuture<JsonNode> dropped = rig.begin("drop", named("short"));
      CompletableFuture.allOf(made, dropped).get();
    }

    assertThat(KeptRig.kept(dir)).hasSize(200);
  }

  @Test
  void withoutRoomNothingIsDoneAndQueriesGoOn() throws Exception {
    try (KeptRig rig = start()) {
      rig.call("make", named("a"));
      for (Errno why : List.of(Errno.ENOSPC, Errno.EROFS)) {
        disk.refuseRoom(why);
        assertThat(rig.call("make", named("b")))
            .startsWith("-" + why.number() + " " + why.describe() + ": " + dir.resolve("state"))
            .contains("make room there")
            .endsWith("; nothing was changed");
        assertThat(rig.call("drop", named("a"))).startsWith("-" + why.number());
        assertThat(rig.things()).isEqualTo("[a]");
      }
      disk.refuseRoom(null);
      rig.call("make", named("c"));
      assertThat(rig.things()).isEqualTo("[a, c]");
    }

    assertThat(KeptRig.kept(dir)).containsExactly("thing/a", "thing/c");
  }

  @Test
  void whatCouldNotBeKeptAfterAllIsSaidAndEndsAllChanges() throws Exception {
    try (KeptRig rig = start()) {
      rig.call("make", named("a"));
      disk.failWrites();

      assertThat(rig.call("make", named("b")))
          .startsWith("-5 Input/output error: it was done, but " + dir.resolve("state"))
          .contains("not what will be there after a restart, and no change is taken until then");
      assertThat(rig.call("make", named("c")))
          .startsWith("-5 ")
          .contains("no change is taken until then");
      assertThat(rig.things()).isEqualTo("[a, b]");
    }

    assertThat(KeptRig.kept(dir)).containsExactly("thing/a");
  }

  @Test
  void aSyncThatFailsIsNoAnswerEither() throws Exception {
    try (KeptRig rig = start()) {
      disk.failSyncs();

      assertThat(rig.call("make", named("a"))).startsWith("-5 ");
      assertThat(rig.call("things_get_all", "{}")).isEqualTo("[a]");
    }
  }

  @Test
  void whatCannotBeMadeIsKeptWhereItWasAndTriedAgain() throws Exception {
    try (KeptRig rig = start()) {
      rig.call("make", named("a"));
      rig.call("make", named("lost"));
      rig.call("make", on("upper", "lost"));
      rig.call("make", named("c"));
    }
    try (KeptRig rig = start("lost")) {
      assertThat(rig.things()).isEqualTo("[a, c]");
      assertThat(rig.journal.failed())
          .extracting(each -> each.entry().id() + ": " + each.problem())
          .containsExactly(
              "thing/lost: make: No such file or directory: lost is missing",
              "thing/upper: make: No such device: upper");
      rig.call("make", named("d"));
    }

    try (KeptRig rig = start()) {
      assertThat(rig.things()).isEqualTo("[a, lost, upper, c, d]");
    }
  }

  @Test
  void whatCannotBeMadeIsForgottenWhenAskedFor() throws Exception {
    try (KeptRig rig = start()) {
      rig.call("make", named("a"));
      rig.call("make", named("lost"));
    }
    try (KeptRig rig = start("lost")) {
      assertThat(rig.call("state_forget", "{\"id\": \"thing/a\"}"))
          .startsWith("-2 ")
          .contains("thing/a is nothing that could not be made");
      rig.call("state_forget", "{\"id\": \"thing/lost\"}");
      assertThat(rig.journal.failed()).isEmpty();
    }

    assertThat(KeptRig.kept(dir)).containsExactly("thing/a");
  }

  @Test
  void whatIsMadeAnewStandsBehindWhatItMayStandOnNow() throws Exception {
    try (KeptRig rig = start()) {
      rig.call("make", named("old"));
      rig.call("make", on("upper", "old"));
    }
    try (KeptRig rig = start("old")) {
      rig.call("make", named("new"));
      rig.call("make", on("upper", "new"));
    }

    try (KeptRig rig = start("old")) {
      assertThat(rig.things()).isEqualTo("[new, upper]");
      assertThat(rig.journal.failed()).hasSize(1);
    }
    assertThat(KeptRig.kept(dir)).containsExactly("thing/old", "thing/new", "thing/upper");
  }

  @Test
  void aConfigurationOfANewerVersionIsRefused() throws Exception {
    try (StateStore store = StateStore.open(dir)) {
      StateStoreTest.done(store.put("config", "{\"version\":2}".getBytes(UTF_8)));

      assertThatThrownBy(() -> ConfigurationJournal.of("--state d", store))
          .isInstanceOf(StateException.class)
          .hasMessage(
              "--state d: its configuration has version 2, this Millrace knows 1; start the"
                  + " Millrace that wrote it, or choose another directory");
    }
  }
}
