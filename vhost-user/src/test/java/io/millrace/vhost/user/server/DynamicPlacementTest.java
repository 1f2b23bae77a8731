package io.millrace.vhost.user.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.vhost.user.server.DynamicPlacement.Limits;
import io.millrace.vhost.user.server.RingPlacement.Move;
import io.millrace.vhost.user.server.RingPlacement.RingLoad;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class DynamicPlacementTest {
  private static final long INTERVAL_NANOS = 1_000_000_000;

  private final DynamicPlacement placement = new DynamicPlacement(Limits.DEFAULTS);

  private static RingLoad ring(int reactor, double load) {
    return new RingLoad(reactor, List.of(0, 1), load, Long.MAX_VALUE);
  }

  /** What is moved first, in as many intervals as it takes to be patient. */
  private List<Move> placeFor(int intervals, List<Double> loads, RingLoad... rings) {
    List<Move> moves = List.of();
    for (int i = 0; i < intervals; i++) {
      assertThat(moves).as("moves before interval " + i).isEmpty();
      moves = placement.place(loads, List.of(rings));
    }
    return moves;
  }

  private List<Move> place(List<Double> loads, RingLoad... rings) {
    return placeFor(DynamicPlacement.PATIENCE, loads, rings);
  }

  @Test
  void theRingThatEvensItOutBestGoesWhereThereIsRoom() {
    assertThat(place(List.of(1.0, 0.1), ring(0, 0.2), ring(0, 0.45), ring(0, 0.35), ring(1, 0.1)))
        .containsExactly(new Move(1, 1));
  }

  @Test
  void aReactorThatIsBusyForAMomentKeepsItsRings() {
    RingLoad[] rings = {ring(0, 0.5), ring(0, 0.5)};

    assertThat(placeFor(DynamicPlacement.PATIENCE - 1, List.of(1.0, 0.0), rings)).isEmpty();
    assertThat(placement.place(List.of(0.94, 0.0), List.of(rings))).isEmpty();
    assertThat(placeFor(DynamicPlacement.PATIENCE - 1, List.of(1.0, 0.0), rings)).isEmpty();
  }

  @Test
  void aReactorIsOverloadedFromItsMarkOn() {
    assertThat(place(List.of(0.949, 0.0), ring(0, 0.5), ring(0, 0.449))).isEmpty();
    assertThat(place(List.of(0.951, 0.0), ring(0, 0.5), ring(0, 0.451))).hasSize(1);
  }

  @Test
  void aReactorHasRoomUpToItsMark() {
    List<RingLoad> rings = List.of(ring(0, 0.5), ring(0, 0.5));

    assertThat(place(List.of(1.0, 0.31), rings.get(0), rings.get(1))).isEmpty();
    assertThat(placement.place(List.of(1.0, 0.29), rings)).hasSize(1);
  }

  @Test
  void loadsThatAreNearlyEvenStay() {
    DynamicPlacement wide = new DynamicPlacement(new Limits(90, 80, 95));
    List<RingLoad> rings = List.of(ring(0, 0.5), ring(0, 0.5));
    for (int i = 0; i < 10; i++) {
      assertThat(wide.place(List.of(1.0, 0.11), rings)).isEmpty();
    }
  }

  @Test
  void aRingAloneOnItsReactorStays() {
    assertThat(place(List.of(1.0, 0.0), ring(0, 1.0))).isEmpty();
  }

  @Test
  void aRingStaysWhereItMayRun() {
    RingLoad bound = new RingLoad(0, List.of(0), 0.5, Long.MAX_VALUE);

    assertThat(place(List.of(1.0, 0.0), bound, ring(0, 0.4))).containsExactly(new Move(1, 1));
  }

  @Test
  void aRingThatWasMovedStaysForSomeSeconds() {
    RingLoad soon = new RingLoad(0, List.of(0, 1), 0.5, DynamicPlacement.REST_NANOS - 1);
    RingLoad then = new RingLoad(0, List.of(0, 1), 0.5, DynamicPlacement.REST_NANOS);

    assertThat(place(List.of(1.0, 0.0), soon, soon)).isEmpty();
    assertThat(placement.place(List.of(1.0, 0.0), List.of(soon, then)))
        .containsExactly(new Move(1, 1));
  }

  @Test
  void whatIsNoPercentageIsRefused() {
    assertThatThrownBy(() -> new Limits(20, 80, 101)).hasMessageContaining("0 to 100");
    assertThatThrownBy(() -> new Limits(-1, 80, 95)).hasMessageContaining("0 to 100");
    assertThat(new Limits(0, 100, 0).coreLimit()).isEqualTo(100);
  }

  @Property(tries = 300)
  void aConstantLoadComesToRestAndNoReactorGetsMoreThanTheBusiestHad(
      @ForAll @IntRange(min = 1, max = 8) int reactors,
      @ForAll @IntRange(min = 1, max = 40) int rings,
      @ForAll long seed) {
    Constant load = new Constant(new Random(seed), reactors, rings);
    int mostMoves = rings * reactors;
    int intervals = mostMoves * (int) (DynamicPlacement.REST_NANOS / INTERVAL_NANOS);
    double busiest = load.busiest();

    int moves = 0;
    for (int i = 0; i < intervals; i++) {
      moves += load.interval();
      assertThat(load.busiest()).as("the busiest reactor").isLessThanOrEqualTo(busiest + 1e-9);
      busiest = load.busiest();
    }

    assertThat(moves).isLessThanOrEqualTo(mostMoves);
    for (int i = 0; i < 3 * DynamicPlacement.REST_NANOS / INTERVAL_NANOS; i++) {
      assertThat(load.interval()).as("moves at rest").isZero();
    }
  }

  /** Rings that would use so much of a reactor each; one that has too many does a part of each. */
  private static final class Constant {
    private final DynamicPlacement policy = new DynamicPlacement(Limits.DEFAULTS);
    private final double[] demands;
    private final int[] places;
    private final long[] movedAt;
    private final int reactors;
    private long now;

    Constant(Random random, int reactors, int rings) {
      this.reactors = reactors;
      demands = random.doubles(rings).map(d -> d * d).toArray(); // few large, many small
      places = random.ints(rings, 0, 1 + random.nextInt(reactors)).toArray();
      movedAt = new long[rings];
      Arrays.fill(movedAt, -DynamicPlacement.REST_NANOS);
    }

    private double demand(int reactor) {
      return IntStream.range(0, demands.length)
          .filter(i -> places[i] == reactor)
          .mapToDouble(i -> demands[i])
          .sum();
    }

    double busiest() {
      return IntStream.range(0, reactors).mapToDouble(this::demand).max().orElseThrow();
    }

    /** How many moves it brings. */
    int interval() {
      now += INTERVAL_NANOS;
      List<Double> loads = new ArrayList<>();
      for (int i = 0; i < reactors; i++) {
        loads.add(Math.min(1, demand(i)));
      }
      List<Integer> all = IntStream.range(0, reactors).boxed().toList();
      List<RingLoad> rings = new ArrayList<>();
      for (int i = 0; i < demands.length; i++) {
        double share = demands[i] / Math.max(1, demand(places[i]));
        rings.add(new RingLoad(places[i], all, share, now - movedAt[i]));
      }
      List<Move> moves = policy.place(loads, rings);
      for (Move move : moves) {
        assertThat(move.reactor()).isNotEqualTo(places[move.ring()]);
        places[move.ring()] = move.reactor();
        movedAt[move.ring()] = now;
      }
      return moves.size();
    }
  }
}
