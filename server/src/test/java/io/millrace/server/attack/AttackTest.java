package io.millrace.server.attack;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every attack, against Millrace as a process of its own: nobody but the attacker may notice.
 *
 * <p>{@code make attack} runs it against another back-end: property {@code attack.socket} says
 * which socket, {@code attack.command} what to start when nobody listens there, {@code attack.only}
 * the name of the one attack wanted. The table is left in {@code target/attacks.txt}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AttackTest {
  private static final Path TABLE = Path.of("target", "attacks.txt");

  private final List<String> table = new ArrayList<>();
  private Corpus corpus;
  private Corpus direct; // of Millrace only
  private boolean isMillrace;

  @BeforeAll
  void find(@TempDir Path folder, @TempDir Path another) throws Exception {
    String socket = System.getProperty("attack.socket", "");
    isMillrace = socket.isEmpty();
    if (isMillrace) {
      corpus = new Corpus(MillraceProcess.withMallocDisk(folder));
      direct = new Corpus(MillraceProcess.withDirectDisk(another));
    } else {
      List<String> command =
          Arrays.stream(System.getProperty("attack.command", "").split(" +", -1))
              .filter(word -> !word.isEmpty())
              .toList();
      Path path = Path.of(socket);
      corpus =
          new Corpus(
              command.isEmpty()
                  ? BackEnd.found(path)
                  : BackEnd.started(path, command, folder.resolve("back-end.log")));
    }
  }

  @AfterAll
  void end() throws Exception {
    corpus.close();
    if (direct != null) {
      direct.close();
    }
    Files.createDirectories(TABLE.getParent());
    Files.write(TABLE, table);
  }

  @TestFactory
  Stream<DynamicTest> attack() {
    List<Method> attacks = new ArrayList<>(Corpus.attacks());
    if (isMillrace) {
      attacks.removeAll(Corpus.attacks(List.of(BounceAttacks.class)));
    }
    return tests(corpus, "", attacks);
  }

  /** Where guest memory that is not aligned is copied by way of a buffer. */
  @TestFactory
  Stream<DynamicTest> attackOnADirectDisk() {
    List<Method> attacks = Corpus.attacks(List.of(BlkAttacks.class, BounceAttacks.class));
    return isMillrace ? tests(direct, " on a direct disk", attacks) : Stream.empty();
  }

  private Stream<DynamicTest> tests(Corpus on, String where, List<Method> attacks) {
    String only = System.getProperty("attack.only", "");
    return attacks.stream()
        .filter(attack -> only.isEmpty() || attack.getName().equals(only))
        .map(attack ->
            DynamicTest.dynamicTest(attack.getName() + where, () -> carryOut(on, where, attack)));
  }

  private void carryOut(Corpus on, String where, Method attack) throws Exception {
    Outcome outcome = on.run(attack);
    Attack about = attack.getAnnotation(Attack.class);
    table.add(
        "%-12s %s.%s%s (%s): %s"
            .formatted(
                outcome.kind(),
                attack.getDeclaringClass().getSimpleName().replace("Attacks", ""),
                attack.getName(),
                where,
                about.id(),
                outcome.seen()));

    assertThat(outcome).as(about.rule()).matches(Outcome::isGood, "is good");
    if (isMillrace && !about.millrace().isEmpty()) {
      assertThat(outcome.seen()).as(about.rule()).isEqualTo(about.millrace());
    }
  }

  @Test
  void theCorpusHasAnEncoderOfItsOwn() {
    ArchRuleDefinition.noClasses()
        .that()
        .haveSimpleNameNotStartingWith("MillraceProcess")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.millrace.vhost..",
            "io.millrace.virtio..",
            "io.millrace.virtqueue..",
            "io.millrace.initiator..",
            "io.millrace.bdev..",
            "io.millrace.reactor..")
        .check(new ClassFileImporter().importPackages("io.millrace.server.attack"));
  }
}
