package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.scsi.ReserveVerdict.Done;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.BiFunction;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Whatever initiators do, in whatever order: what comes of it makes sense, and can be stored. */
class ReservationPropertyTest {
  private static final List<NexusName> NEXUSES =
      List.of(
          new NexusName(1, "t"),
          new NexusName(1, "u"),
          new NexusName(2, "t"),
          new NexusName(3, "u"));
  private static final List<BiFunction<ReservationState, ReserveRequest, ReserveVerdict>> ACTIONS =
      List.of(
          Registering::register,
          Reserving::reserve,
          Reserving::release,
          Reserving::clear,
          Reserving::preempt,
          Registering::registerIgnoring,
          Registering::registerAndMove);
  private static final Set<Integer> COUNTED = Set.of(0, 3, 4, 5, 6);
  private static final Set<Integer> REGISTERS = Set.of(0, 5);

  static void makesSense(ReservationState state) {
    assertThat(state.keys().values()).doesNotContain(0L);
    assertThat(state.keys().size()).isLessThanOrEqualTo(ReservationState.MAX_REGISTRATIONS);
    ReservationType type = state.type();
    NexusName holder = state.holder();
    if (type == null || type.isAllRegistrants()) {
      assertThat(holder).isNull();
    } else {
      assertThat(state.keys()).containsKey(holder);
    }
    if (type != null) {
      assertThat(state.keys()).isNotEmpty();
    }
    if (state.legacyHolder() != null) {
      assertThat(state.keys()).isEmpty();
    }
  }

  @Property(tries = 500)
  void whatComesOfItMakesSense(@ForAll long seed, @ForAll @IntRange(max = 100) int steps) {
    ReservationState now = ReservationState.NONE;
    Random random = new Random(seed);
    for (int i = 0; i < steps; i++) {
      int step = random.nextInt();
      NexusName from = NEXUSES.get(step & 3);
      int action = (step >>> 2 & 0xff) % ACTIONS.size();
      // Mostly the right key, so that things go on.
      long key = (step >>> 10 & 3) == 0 ? step >>> 12 & 3 : now.keys().getOrDefault(from, 0L);
      ReserveRequest request =
          new ReserveRequest(
              from,
              new int[] {1, 3, 5, 6, 7, 8}[(step >>> 14 & 7) % 6],
              key,
              step >>> 17 & 3,
              false,
              (step >>> 19 & 1) != 0,
              (step >>> 20 & 1) != 0,
              List.of((long) (step >>> 21 & 3)),
              Set.of((step >>> 23 & 1) != 0 ? "t" : "u"),
              null,
              null);
      ReserveRequest registering =
          action == 6
              ? request
              : new ReserveRequest(
                  from,
                  request.typeCode(),
                  key,
                  request.actionKey(),
                  false,
                  request.aptpl(),
                  false,
                  List.of(),
                  Set.of(from.targetPort()),
                  null,
                  null);
      if (action == 6 && request.actionKey() == 0) {
        continue; // refused when it is read
      }

      ReserveVerdict verdict = ACTIONS.get(action).apply(now, registering);

      if (verdict instanceof Done done) {
        ReservationState after = done.after();
        makesSense(after);
        assertThat(done.told()).doesNotContainKey(from);
        for (NexusName each : done.preempted()) {
          assertThat(now.isRegistered(each) && !after.isRegistered(each)).isTrue();
        }
        boolean nothingToUnregister = registering.actionKey() == 0 && !now.isRegistered(from);
        boolean counts =
            COUNTED.contains(action) && !(REGISTERS.contains(action) && nothingToUnregister);
        assertThat(after.generation()).isEqualTo(now.generation() + (counts ? 1 : 0));
        storesAndComesBack(after);
        now = after;
      }
    }
  }

  private static void storesAndComesBack(ReservationState state) {
    ReservationState back = ReservationCodec.decode(ReservationCodec.encode(state));
    assertThat(back).isNotNull();
    assertThat(List.copyOf(back.keys().entrySet())).isEqualTo(List.copyOf(state.keys().entrySet()));
    assertThat(back.type()).isEqualTo(state.type());
    assertThat(back.holder()).isEqualTo(state.holder());
    assertThat(back.persistsAs(state)).isEqualTo(state.aptpl());
  }
}
