package io.millrace.scsi;

import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What remembers reservations through a power loss (SPC-5 §5.13.5). Any thread. */
public interface ReservationStore {
  /** What was saved last of a bdev's reservations. */
  Optional<byte[]> load(UUID bdev);

  /**
   * Saves a bdev's reservations; complete when they are durable, on any thread. After a failure the
   * earlier ones are there.
   */
  CompletionStage<@Nullable Void> save(UUID bdev, byte[] reservations);

  /** Forgets a bdev's reservations; complete when that is durable, on any thread. */
  CompletionStage<@Nullable Void> remove(UUID bdev);
}
