package io.millrace.scsi;

import io.millrace.rpc.state.StateStore;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Reservations as records of the state directory. Any thread. */
public final class StoredReservations implements ReservationStore {
  private static final String PREFIX = "scsi/reservations/";

  private final StateStore state;

  /**
   * In a store.
   *
   * @param state stays the caller's; open as long as this is used
   */
  public StoredReservations(StateStore state) {
    this.state = state;
  }

  @Override
  public Optional<byte[]> load(UUID bdev) {
    return state.get(PREFIX + bdev);
  }

  @Override
  public CompletionStage<@Nullable Void> save(UUID bdev, byte[] reservations) {
    return state.put(PREFIX + bdev, reservations);
  }

  @Override
  public CompletionStage<@Nullable Void> remove(UUID bdev) {
    return state.remove(PREFIX + bdev);
  }
}
