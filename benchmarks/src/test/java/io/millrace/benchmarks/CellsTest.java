package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A comparison is one of servers only if everything else is the same. */
class CellsTest {
  private static final Set<String> LOAD =
      Set.of("--rw", "--rwmixread", "--bs", "--iodepth", "--norandommap", "--rate_iops");

  private final List<Measurement> all =
      new Cells(new Peers(Path.of("/dist/bin/millrace"), Path.of("/w")), Path.of("/w/disk.img"))
          .all();

  private List<Cell> cells() {
    return all.stream().filter(Cell.class::isInstance).map(Cell.class::cast).toList();
  }

  @Test
  void eachHasANameOfItsOwn() {
    assertThat(all.stream().map(Measurement::name)).doesNotHaveDuplicates();
  }

  @Test
  void allSidesOfAComparisonAreUnderTheSameLoad() {
    for (Cell cell : cells()) {
      if (!cell.name().startsWith("disks")) {
        assertThat(cell.contenders().stream().map(CellsTest::load).distinct())
            .as(cell.name())
            .hasSize(1)
            .allMatch(load -> load.size() >= 3);
      }
    }
  }

  /** What its command line says about the load, wherever it says so. */
  private static Set<String> load(Contender contender) {
    return contender.load().command(Duration.ofSeconds(2), Duration.ofSeconds(3)).stream()
        .filter(argument -> LOAD.contains(argument.replaceFirst("=.*", "")))
        .collect(Collectors.toSet());
  }

  @Test
  void allServersOfAComparisonAreAliveAtOnce() {
    for (Cell cell : cells()) {
      List<Contender.Server> servers =
          cell.contenders().stream().map(Contender::server).filter(Objects::nonNull).toList();

      assertThat(cell.contenders().stream().map(Contender::name))
          .as(cell.name())
          .doesNotHaveDuplicates();
      assertThat(servers.stream().map(Contender.Server::socket))
          .as(cell.name())
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void everySideOfAFileComparisonOpensTheSameImageInTheSameWay() {
    for (Cell cell : cells()) {
      if (cell.name().startsWith("file")) {
        boolean direct = cell.name().contains("O_DIRECT");
        for (Contender contender : cell.contenders()) {
          Contender.Server server = contender.server();
          String said =
              server == null
                  ? String.join(" ", contender.load().command(Duration.ZERO, Duration.ofSeconds(1)))
                  : server.command() + " " + server.files().values();
          assertThat(said).as(cell.name()).contains("/w/disk.img");
          assertThat(said)
              .as("%s: %s", cell.name(), contender.name())
              .containsPattern(
                  direct
                      ? "--direct=1|cache.direct=on|\"direct\": true"
                      : "--direct=0|cache.direct=off|\"direct\": false");
        }
      }
    }
  }
}
