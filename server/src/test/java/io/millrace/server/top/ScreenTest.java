package io.millrace.server.top;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.server.top.Line.Style;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ScreenTest {
  private static final int WIDTH = 80;
  private static final int HEIGHT = 24;

  private final TopState state = new TopState(1, Sort.IOPS);

  private List<Line> draw(@Nullable Frame frame, @Nullable String waiting, int width, int height) {
    History history = frame == null ? new History() : SampleFrames.history(frame, 5);
    return Screen.draw(frame, state, history, waiting, width, height);
  }

  private String text(Frame frame) {
    return draw(frame, null, WIDTH, HEIGHT).stream()
        .map(line -> line.text().stripTrailing())
        .collect(joining("\n"));
  }

  private void press(Frame frame, int... keys) {
    for (int key : keys) {
      List<String> rows = Rows.of(frame, state, new History()).stream().map(Row::name).toList();
      state.key(key, rows, Screen.page(HEIGHT));
    }
  }

  @Test
  void devicesStandBelowWhatTheyDoTogether() {
    assertThat(text(SampleFrames.two()))
        .isEqualTo(
            """
            Millrace v0.1.0                                               every 1 s, by IOPS
            IOPS         43.5k                                                         █████
            Bytes/s      170Mi                                                         █████
            Latency     81.2us                                                         █████
            Reactors  control [        1%] reactor-0 [|||||||71%] reactor-1 [||     20%]

            [Devices 2]  Bdevs 2   Reactors 3
            DEVICE                 Q    R/S    W/S    READ   WRITE LATENCY   QD ERR/S
            vm0.sock               2  42.0k  1.50k   164Mi  5.86Mi  81.2us    6     -  █████
            vm1.sock               2      -      -       -       -       -    6     -
            %s
            q quit  ? help  Enter look into  Tab next list  s sort  r reverse  +/- interval\
            """
                .replace("%s", "\n".repeat(12)));
  }

  @Test
  void everyLineFitsWhateverTheSizeOfTheTerminal() {
    for (int key : new int[] {Key.NONE, Key.TAB, Key.TAB, '?'}) {
      press(SampleFrames.two(), key);
      for (int width : new int[] {1, 20, 79, 80, 81, 132, 300}) {
        for (int height : new int[] {1, 2, 9, 10, 24, 60}) {
          List<Line> lines = draw(SampleFrames.two(), null, width, height);

          assertThat(lines).hasSize(height);
          assertThat(lines).allMatch(line -> line.text().length() <= width);
        }
      }
    }
  }

  @Test
  void aWiderTerminalShowsHowEachDeviceWent() {
    String narrow = draw(SampleFrames.two(), null, 80, HEIGHT).get(8).text();
    String wide = draw(SampleFrames.two(), null, 120, HEIGHT).get(8).text();

    assertThat(narrow).startsWith("vm0.sock");
    assertThat(wide.strip()).startsWith("vm0.sock" + " ".repeat(23) + "2 ").endsWith("█████");
  }

  @Test
  void aDeviceIsLookedIntoAndLeftAgain() {
    Frame frame = SampleFrames.two();

    press(frame, Key.ENTER);
    String inside = text(frame);
    press(frame, Key.BACK);

    assertThat(inside)
        .contains("[Devices 2]", "> vm0.sock: disk0", "QUEUE", "1 reactor-1", "31.5k", "25%")
        .doesNotContain("vm1.sock");
    assertThat(text(frame)).contains("vm1.sock");
  }

  @Test
  void theStagesOfTheSelectedQueuesRequestsAreShownWhereTheyAreCounted() {
    Frame frame = SampleFrames.withStages();

    press(frame, Key.ENTER, 'n', Key.DOWN);

    assertThat(text(frame))
        .contains(
            """
            STAGE                  COUNT     P50     P90     P99   P99.9
            ring                   1.00k   500ns  1.00us  2.00us  4.00us
            bdev                   1.00k  80.0us  90.0us   120us  1.50ms
            """);
  }

  @Test
  void aBdevShowsWhoUsesItAndAReactorItsQueues() {
    Frame frame = SampleFrames.two();

    press(frame, Key.TAB, Key.ENTER);
    assertThat(text(frame)).contains("[Bdevs 2]", "> disk0", "vm0.sock").doesNotContain("vm1.sock");

    press(frame, '3', 'n', Key.END, Key.ENTER);
    assertThat(text(frame))
        .contains("[Reactors 3]", "> reactor-1", "vm0.sock 1", "vm1.sock 1")
        .doesNotContain("vm0.sock 0");
  }

  @Test
  void rowsAreSortedByWhatIsAskedFor() {
    Frame frame = SampleFrames.many(11);

    assertThat(Rows.of(frame, state, new History()))
        .extracting(Row::name)
        .startsWith("vm10", "vm9");
    press(frame, 'l');
    assertThat(Rows.of(frame, state, new History())).extracting(Row::name).startsWith("vm0", "vm1");
    press(frame, 'n', 'r');
    assertThat(Rows.of(frame, state, new History()))
        .extracting(Row::name)
        .startsWith("vm10", "vm9");
    press(frame, 'r');
    assertThat(Rows.of(frame, state, new History())).extracting(Row::name).startsWith("vm0", "vm1");
    press(frame, 's');
    assertThat(text(frame)).contains("by IOPS");
    press(frame, 's');
    assertThat(text(frame)).contains("by bandwidth");
  }

  @Test
  void theSelectedRowIsShownAmongManyAndStaysSelectedWhenItMoves() {
    Frame frame = SampleFrames.many(100);

    press(frame, 'n', Key.END);
    List<Line> lines = draw(frame, null, WIDTH, HEIGHT);
    assertThat(selected(lines)).startsWith("vm99 ");

    press(frame, 'r');
    assertThat(selected(draw(frame, null, WIDTH, HEIGHT))).startsWith("vm99 ");
    press(frame, Key.HOME, Key.PAGE_DOWN, Key.DOWN, Key.UP);
    assertThat(selected(draw(frame, null, WIDTH, HEIGHT))).startsWith("vm84 ");
  }

  private static String selected(List<Line> lines) {
    return lines.stream()
        .filter(line -> line.style() == Style.SELECTED)
        .map(Line::text)
        .collect(joining());
  }

  @Test
  void aServerThatIsNotThereIsWaitedForAndItsLastFiguresStay() {
    assertThat(draw(null, "waiting for r.sock", WIDTH, HEIGHT).getFirst().text())
        .startsWith("millrace top")
        .endsWith("waiting for r.sock");
    assertThat(draw(SampleFrames.two(), "waiting for r.sock", WIDTH, HEIGHT))
        .anyMatch(line -> line.text().startsWith("vm0.sock"))
        .anyMatch(line -> line.text().endsWith("waiting for r.sock"));
  }

  @Test
  void theIntervalIsChangedInStepsAndTheTitleTellsIt() {
    Frame frame = SampleFrames.two();

    press(frame, '+');
    assertThat(text(frame)).contains("every 2 s");
    press(frame, '-', '-');
    assertThat(text(frame)).contains("every 0.5 s");
    press(frame, '-', '-', '-', '-');
    assertThat(text(frame)).contains("every 0.1 s");
    press(frame, 'p');
    assertThat(text(frame)).contains("paused, every 0.1 s");
  }

  @Test
  void keysAreExplainedUntilTheNextOne() {
    Frame frame = SampleFrames.two();

    press(frame, '?');
    assertThat(text(frame)).contains("turns the order round").doesNotContain("vm0.sock");
    press(frame, 'x');
    assertThat(text(frame)).contains("vm0.sock");
    assertThat(state.key('q', List.of(), 1)).isFalse();
  }

  @Test
  void aNameThatWouldMoveTheCursorDoesNot() {
    Frame frame =
        new Frame(
            "v\033[2J",
            List.of(SampleFrames.device("a\033[1;1H磁盘", "d\n", SampleFrames.rates(1, 1, 1))),
            List.of(),
            List.of());

    assertThat(text(frame)).contains("a?[1;1H??").doesNotContain("\033");
  }

  @Test
  void manyReactorsAreCountedWhereTheyDoNotFit() {
    List<Frame.ReactorRates> reactors =
        IntStream.range(0, 12)
            .mapToObj(i -> new Frame.ReactorRates("reactor-" + i, 0.5, 0, 0.5, 0, 0, 0, 0))
            .toList();
    Frame frame = new Frame("v", List.of(), List.of(), reactors);

    assertThat(text(frame)).contains("Reactors  reactor-0 [|||||  50%] ").contains(" +10\n");
  }
}
