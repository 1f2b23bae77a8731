package io.millrace.scsi;

import io.millrace.bdev.BdevException;
import io.millrace.scsi.ReserveVerdict.Done;
import io.millrace.scsi.ReserveVerdict.Wrong;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The reservations of a logical unit (SPC-5 §5.13). The data path reads {@link #state}; a command
 * that changes it is a rule, and one rule at a time is followed to its end: the state is durable
 * when it is to be, then seen, then other nexuses are told, then the command ends.
 */
final class PersistentReservations {
  private static final Logger LOG = LoggerFactory.getLogger(PersistentReservations.class);
  private static final ReserveVerdict NOT_SAVED = new Wrong(Sense.INTERNAL_TARGET_FAILURE);

  /** What a command comes to. A function: it may be asked again. */
  interface Rule {
    ReserveVerdict apply(ReservationState now);
  }

  private final LogicalUnit unit;
  private final @Nullable ReservationStore store;
  private volatile ReservationState state = ReservationState.NONE;
  private boolean saving; // guarded by this, as the next one
  private List<Runnable> waiting = new ArrayList<>();

  PersistentReservations(LogicalUnit unit, @Nullable ReservationStore store) throws BdevException {
    this.unit = unit;
    this.store = store;
    Optional<byte[]> saved = store == null ? Optional.empty() : store.load(uuid());
    if (saved.isPresent()) {
      ReservationState before = ReservationCodec.decode(saved.get());
      if (before == null) {
        throw new BdevException(
            BdevException.Kind.INVALID,
            ("%s: its persistent reservations (bdev %s) were saved in a way that this Millrace does"
                    + " not know, or are damaged; go back to the version that saved them, or give"
                    + " it a new UUID to begin without any")
                .formatted(unit.bdev().name(), uuid()));
      }
      state = before;
    }
  }

  private UUID uuid() {
    return unit.bdev().properties().uuid();
  }

  /** As it is now. Data path. */
  ReservationState state() {
    return state;
  }

  /** PTPL_C: whether APTPL may be asked for. */
  boolean canPersist() {
    return store != null;
  }

  /**
   * Does what a rule says, after those that came before.
   *
   * @param end is told on the path's reactor, perhaps before this returns
   */
  void follow(LunPath path, Rule rule, Consumer<ReserveVerdict> end) {
    ReserveVerdict verdict;
    ReservationStore to = store;
    synchronized (this) {
      if (saving) {
        waiting.add(() -> path.reactor().execute(() -> follow(path, rule, end)));
        return;
      }
      verdict = rule.apply(state);
      if (!(verdict instanceof Done done) || to == null || done.after().persistsAs(state)) {
        if (verdict instanceof Done at) {
          state = at.after();
        }
        to = null;
      } else {
        saving = true;
      }
    }
    if (to == null) {
      tell(verdict);
      end.accept(verdict);
    } else if (verdict instanceof Done done) {
      save(to, done.after())
          .whenComplete((nothing, failure) -> {
            ReserveVerdict reached = failure == null ? done : NOT_SAVED;
            saved(reached, failure);
            path.reactor().execute(() -> end.accept(reached));
          });
    }
  }

  private CompletionStage<@Nullable Void> save(ReservationStore to, ReservationState after) {
    try {
      return after.aptpl() ? to.save(uuid(), ReservationCodec.encode(after)) : to.remove(uuid());
    } catch (RuntimeException e) {
      return CompletableFuture.failedStage(e);
    }
  }

  private void saved(ReserveVerdict verdict, @Nullable Throwable failure) {
    List<Runnable> next;
    synchronized (this) {
      if (verdict instanceof Done done) {
        state = done.after();
      }
      saving = false;
      next = waiting;
      waiting = new ArrayList<>();
    }
    if (failure != null) {
      LOG.error(
          "{}: its reservations cannot be saved and stay as they are: {}",
          unit.bdev().name(),
          failure.getMessage());
    }
    tell(verdict);
    next.forEach(Runnable::run);
  }

  private void tell(ReserveVerdict verdict) {
    if (verdict instanceof Done done && !done.told().isEmpty()) {
      for (LunNexus each : unit.nexuses()) {
        UnitAttention condition = done.told().get(each.name());
        if (condition != null) {
          each.attention(condition);
        }
      }
    }
  }

  // ---- what ends RESERVE of SPC-2 ---------------------------------------------------------------

  /** An I_T nexus is lost: registrations stay (SPC-5 §5.13.1), RESERVE of SPC-2 does not. */
  synchronized void lost(NexusName nexus) {
    if (nexus.equals(state.legacyHolder())) {
      state = state.legacy(null);
    }
  }

  /** The logical unit is reset: registrations stay, RESERVE of SPC-2 does not. */
  synchronized void reset() {
    state = state.legacy(null);
  }
}
