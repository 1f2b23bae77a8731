package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TimeSlicerTest {
  private static final Duration DEADLINE = Duration.ofSeconds(20);

  private Process one;
  private Process two;

  @BeforeEach
  void startTwo() throws Exception {
    one = new ProcessBuilder("sleep", "100").start();
    two = new ProcessBuilder("sleep", "100").start();
  }

  @AfterEach
  void endBoth() {
    one.destroyForcibly();
    two.destroyForcibly();
  }

  @Test
  void groupsAreGivenTheSameTime() throws Exception {
    try (TimeSlicer slicer =
        TimeSlicer.start(List.of(List.of(one), List.of(two)), TimeSlicer.SLICE)) {
      slicer.go(TimeSlicer.SLICE);
      await(() -> total(slicer) > Duration.ofSeconds(1).toNanos());

      long[] granted = slicer.grantedNanos();
      assertThat(granted[0]).isCloseTo(granted[1], Percentage.withPercentage(30));
    }
  }

  @Test
  void aGroupIsStoppedWhileTheOtherRunsAndBothRunAfterTheEnd() throws Exception {
    try (TimeSlicer slicer =
        TimeSlicer.start(List.of(List.of(one), List.of(two)), TimeSlicer.SLICE)) {
      slicer.go(TimeSlicer.SLICE);
      await(() -> state(one) == 'T' && state(two) != 'T');
      await(() -> state(one) != 'T' && state(two) == 'T');
    }

    assertThat(state(one)).isNotEqualTo('T');
    assertThat(state(two)).isNotEqualTo('T');
  }

  @Test
  void whatIsHeldStandsStillUntilItGoesOn() throws Exception {
    try (TimeSlicer slicer =
        TimeSlicer.start(List.of(List.of(one), List.of(two)), TimeSlicer.SLICE)) {
      slicer.go(TimeSlicer.SLICE);
      await(() -> total(slicer) > Duration.ofMillis(100).toNanos());

      slicer.hold();

      long before = total(slicer);
      await(() -> state(one) == 'T' && state(two) == 'T'); // the signal arrives when it runs next
      assertThat(total(slicer)).isEqualTo(before);
      slicer.go(Duration.ofMillis(5));
      await(() -> state(one) != 'T');
    }
  }

  @Test
  void aProcessThatIsAddedTakesItsTurns() throws Exception {
    try (TimeSlicer slicer = TimeSlicer.start(List.of(List.of(one), List.of()), TimeSlicer.SLICE)) {
      Child.signal("STOP", two);
      slicer.add(1, two);
      slicer.go(TimeSlicer.SLICE);

      await(() -> state(one) == 'T' && state(two) != 'T');
      await(() -> state(one) != 'T' && state(two) == 'T');
    }
  }

  @Test
  void aWholeNumberOfCyclesGivesEveryGroupTheSameWhereverItBegins() throws Exception {
    try (TimeSlicer slicer =
        TimeSlicer.start(List.of(List.of(one), List.of(two)), TimeSlicer.SLICE)) {
      slicer.go(TimeSlicer.SLICE);
      await(() -> granted(slicer, 0) > Duration.ofMillis(13).toNanos());

      long start = System.nanoTime();
      long[] from = slicer.grantedNanos();
      await(() -> System.nanoTime() - start >= Duration.ofMillis(800).toNanos());
      long[] to = slicer.grantedNanos();

      assertThat(to[0] - from[0]).isCloseTo(to[1] - from[1], Percentage.withPercentage(10));
    }
  }

  @Test
  void aProcessThatEndsDoesNotDisturbTheOthers() throws Exception {
    try (TimeSlicer slicer =
        TimeSlicer.start(List.of(List.of(one), List.of(two)), TimeSlicer.SLICE)) {
      slicer.go(TimeSlicer.SLICE);
      one.destroyForcibly().waitFor();
      long before = slicer.grantedNanos()[1];

      await(() -> granted(slicer, 1) > before + Duration.ofMillis(100).toNanos());
    }
  }

  @Test
  void aCommandThatTheEndOfASliceCutsInTwoIsNotLost() throws Exception {
    String pids = Long.toString(one.pid());
    Process script =
        new ProcessBuilder("bash", "-c", TimeSlicer.source(), "slice.sh", "20000", pids, "")
            .start();
    try (var commands = script.outputWriter();
        var answers = script.inputReader()) {
      commands.write("go ;\nrep");
      commands.flush();
      await(() -> state(one) == 'T');
      await(() -> state(one) != 'T');
      await(() -> state(one) == 'T');

      commands.write("ort ;\n");
      commands.flush();

      assertThat(answers.readLine()).matches("\\d+ \\d+");
    }
  }

  private static long total(TimeSlicer slicer) {
    return granted(slicer, 0) + granted(slicer, 1);
  }

  private static long granted(TimeSlicer slicer, int group) {
    try {
      return slicer.grantedNanos()[group];
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static char state(Process process) {
    try {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline of " + DEADLINE).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }
}
