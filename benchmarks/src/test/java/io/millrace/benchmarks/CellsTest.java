package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A comparison is one of servers only if everything else is the same. */
class CellsTest {
  private static final Path WORK = Path.of("/w");

  private final Spdk spdk = new Spdk(Path.of("/spdk"), WORK);
  private final Sides sides =
      new Sides(
          new Peers(Path.of("/dist/bin/millrace"), WORK),
          Path.of("/w/disk.img"),
          Path.of("/w/direct.img"));
  private final List<Measurement> all = program(spdk, true);

  private List<Measurement> program(@Nullable Spdk peer, boolean everything) {
    return Program.of(sides, peer, everything, Duration.ofMinutes(1));
  }

  private List<Cell> cells() {
    return all.stream().filter(Cell.class::isInstance).map(Cell.class::cast).toList();
  }

  @Test
  void theControlComesFirst() {
    assertThat(all.getFirst().name()).startsWith("control");
    assertThat(program(null, false).getFirst().name()).startsWith("control");
  }

  @Test
  void eachHasANameOfItsOwn() {
    assertThat(all.stream().map(Measurement::name)).doesNotHaveDuplicates();
  }

  @Test
  void theDefaultIsThoseWithABar() {
    for (Measurement measurement : program(spdk, false)) {
      if (measurement instanceof Cell cell) {
        assertThat(cell.comparisons()).as(cell.name()).anyMatch(one -> one.bar() != null);
      }
    }
  }

  @Test
  void allServersOfAComparisonAreAliveAtOnce() {
    for (Cell cell : cells()) {
      List<Contender> contenders = cell.lineup().contenders();

      assertThat(contenders.stream().map(Contender::name)).as(cell.name()).doesNotHaveDuplicates();
      assertThat(
              contenders.stream()
                  .map(Contender::server)
                  .filter(Objects::nonNull)
                  .map(Contender.Server::socket))
          .as(cell.name())
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void ofAComparisonEitherAllSidesAreUnderSpdksLoadOrNone() {
    for (Cell cell : cells()) {
      assertThat(
              cell.lineup().contenders().stream()
                  .map(contender -> contender.load() instanceof Bdevperf)
                  .distinct())
          .as(cell.name())
          .hasSize(1);
    }
  }

  @Test
  void noImageIsOpenedThroughThePageCacheAndPastItAtOnce() {
    for (Cell cell : cells()) {
      if (cell.name().startsWith("file")) {
        boolean direct = cell.name().contains("O_DIRECT");
        for (Contender contender : cell.lineup().contenders()) {
          String said = said(contender, cell.workload());
          // Each server of ours has its image to itself.
          boolean past =
              direct
                  ? contender.name().endsWith("-polling")
                  : contender.name().startsWith(Spdk.NAME);
          assertThat(said).as(cell.name()).contains(past ? "/w/direct.img" : "/w/disk.img");
          if (!contender.name().startsWith(Spdk.NAME)) {
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

  private static String said(Contender contender, Workload workload) {
    Contender.Server server = contender.server();
    return server == null
        ? String.join(
            " ",
            ((FioLoad) contender.load()).command(workload, Duration.ZERO, Duration.ofSeconds(1)))
        : server.command() + " " + server.files().values();
  }

  @Test
  void fioLeavesThePageCacheToTheOthers() {
    FioLoad fio = new FioLoad("0", Path.of("/w/disk.img"), false);

    assertThat(fio.command(Workload.mix(70, 8), Duration.ZERO, Duration.ofSeconds(1)))
        .contains("--invalidate=0");
  }

  @Test
  void fioAndBdevperfAreToldTheSameWorkload() {
    Workload mix = Workload.mix(70, 8);

    assertThat(mix.fioOptions())
        .containsExactly(
            "--rw=randrw", "--bs=4096", "--iodepth=8", "--rwmixread=70", "--norandommap");
    assertThat(Bdevperf.performTests(mix, Duration.ofSeconds(2)))
        .contains("\"time_in_sec\": 2")
        .contains("\"workload_type\": \"randrw\"")
        .contains("\"queue_depth\": 8")
        .contains("\"io_size\": \"4096\"")
        .contains("\"rw_percentage\": 70");
  }
}
