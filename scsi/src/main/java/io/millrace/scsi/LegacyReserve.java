package io.millrace.scsi;

import static io.millrace.scsi.ReserveVerdict.CONFLICT;
import static io.millrace.scsi.ReserveVerdict.done;

import java.util.List;

/**
 * RESERVE and RELEASE of SPC-2 (§7.21, §7.16), for the whole logical unit and the nexus that asks:
 * neither extents nor third parties. Beside registrations as SPC-5 §5.13.3 says.
 */
final class LegacyReserve {
  static final List<ScsiCommand> ROWS =
      List.of(
          row("RESERVE(6)", "16 00 00 00 00 00", true),
          row("RELEASE(6)", "17 00 00 00 00 00", false),
          row("RESERVE(10)", "56 00 00 00 00 00 00 00 00 00", true),
          row("RELEASE(10)", "57 00 00 00 00 00 00 00 00 00", false));

  private LegacyReserve() {}

  private static ScsiCommand row(String name, String usage, boolean reserves) {
    return ScsiCommand.named(name, usage)
        .access(Access.LEGACY_RESERVE)
        .doneBy((path, task) -> {
          NexusName from = path.status().name();
          path.unit()
              .reservations()
              .follow(
                  path,
                  now -> reserves ? reserve(now, from) : release(now, from),
                  verdict -> ReserveOut.end(task, verdict));
        });
  }

  private static ReserveVerdict reserve(ReservationState now, NexusName from) {
    NexusName by = now.legacyHolder();
    if (now.keepsOut(from, Access.LEGACY_RESERVE) || (by != null && !by.equals(from))) {
      return CONFLICT;
    }
    return done(now.keys().isEmpty() ? now.legacy(from) : now);
  }

  /** Of a reservation that is another's, or of none, it is GOOD and does nothing. */
  private static ReserveVerdict release(ReservationState now, NexusName from) {
    if (now.keepsOut(from, Access.LEGACY_RESERVE)) {
      return CONFLICT;
    }
    return done(from.equals(now.legacyHolder()) ? now.legacy(null) : now);
  }
}
