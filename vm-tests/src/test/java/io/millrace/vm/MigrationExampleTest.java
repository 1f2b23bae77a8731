package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.vm.MovingGuest.Qemu;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** What docs/live-migration.md shows, and the script that it refers to, do what they say. */
class MigrationExampleTest {
  @RegisterExtension final Lab lab = new Lab();

  private static final String TICKING =
      """
      await_file /dev/vda
      pass fill blkload fill /dev/vda
      while blkload verify /dev/vda --length 1048576 >/tmp/out; do say TICK; usleep 100000; done
      say "FAIL $(line /tmp/out)"
      """;

  @Test
  void theScriptMovesAGuest() throws Exception {
    Path script = DocumentedPage.ROOT.resolve("examples/migrate.sh");

    Process process = lab.start(List.of(script.toString()), "migrate.log", false);

    assertThat(process.waitFor(Guest.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readAllLines(lab.path("migrate.log")).getLast())
        .startsWith("PASS: the guest moved");
    assertThat(process.exitValue()).isZero();
  }

  @Test
  void theCommandsOfThePageMoveAGuest() throws Exception {
    DocumentedPage page = DocumentedPage.of("docs/live-migration.md");
    Path memory = Files.createTempFile(Path.of("/dev/shm"), "millrace-guest", ".ram");
    lab.image("disk.img", 64 << 20);
    String serve =
        DocumentedPage.replace(page.command("millrace serve "), "/dev/san/vm0", "disk.img");
    List<String> options = List.of(serve.split(" ", -1)).subList(2, 4);
    MillraceServer server = MillraceServer.serve(lab, options, List.of("vm0.sock"));
    MovingGuest guest = new MovingGuest(lab, "packed=on", 1, memory, TICKING);
    guest.awaitMore("TICK");
    Map<String, Qemu> sides =
        Map.of("source", guest.here(), "destination", guest.destination(memory));
    guest.shareMemory(sides.get("destination"));

    for (String line : page.block("qmp").lines().toList()) {
      Qemu side = sides.get(line.substring(0, line.indexOf(' ')));
      JsonNode command = new ObjectMapper().readTree(line.substring(line.indexOf('{')));
      run(side, command);
    }

    sides.get("source").awaitEnd();
    sides.get("destination").log().await("TICK", Guest.LIMIT);
    sides.get("destination").log().await("TICK", Guest.LIMIT);
    guest.kill();
    assertThat(guest.report()).noneMatch(line -> line.startsWith("FAIL"));
    assertThat(server.terminate()).isZero();
    Files.delete(memory);
  }

  /** Runs one command of the page, and has its answer be what the page says of it. */
  private void run(Qemu side, JsonNode command) throws Exception {
    String word = command.path("execute").asString("");
    String uri = command.path("arguments").path("uri").asString("");
    if (uri.isEmpty()) {
      String answer = side.execute(word).toString();
      if (word.equals("query-migrate")) {
        assertThat(answer).doesNotContain("blocked-reasons");
      }
    } else {
      assertThat(uri).startsWith("tcp:").endsWith(":4444");
      side.execute(word, Map.of("uri", "unix:" + lab.shortPath("page")));
    }
    if (word.equals("migrate")) {
      assertThat(side.awaitMigration(Set.of("completed", "failed"))).isEqualTo("completed");
    }
    if (word.equals("query-status")) {
      Await.until("the guest to run there", Guest.LIMIT, () -> runs(side));
    }
  }

  private static boolean runs(Qemu side) {
    try {
      return side.runs();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
