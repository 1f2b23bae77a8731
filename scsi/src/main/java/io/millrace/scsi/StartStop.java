package io.millrace.scsi;

import io.millrace.bdev.IoStatus;
import java.util.List;

/**
 * START STOP UNIT (SBC-4 §5.31) and PREVENT ALLOW MEDIUM REMOVAL (§5.17). The medium is not
 * removable: LOEJ is refused, and preventing what cannot happen is done at once.
 */
final class StartStop {
  private static final int FLAGS_AT = 4;
  private static final int START = 1;
  private static final int NO_FLUSH = 1 << 2;
  private static final int PREVENT = 1;

  static final List<ScsiCommand> ROWS =
      List.of(
          // Starting goes on whoever holds a reservation, stopping does not: decided when it runs.
          ScsiCommand.named("START STOP UNIT", "1b 01 00 00 05 00")
              .without(3, 3, 0) // POWER CONDITION MODIFIER
              .without(4, 7, 4) // POWER CONDITION
              .access(Access.ALWAYS)
              .doneBy(StartStop::startStop),
          ScsiCommand.named("PREVENT ALLOW MEDIUM REMOVAL", "1e 00 00 00 01 00")
              .access(Access.ALWAYS)
              .doneBy(StartStop::preventAllow));

  private StartStop() {}

  private static void startStop(LunPath path, ScsiTask task) {
    int flags = task.cdb()[FLAGS_AT];
    if ((flags & START) != 0) {
      path.unit().stopped(false);
      task.good();
    } else if (path.status().isKeptOut(Access.WRITE)) {
      task.end(ScsiStatus.RESERVATION_CONFLICT);
    } else {
      path.unit().stopped(true);
      if ((flags & NO_FLUSH) != 0) {
        task.good();
      } else {
        CacheFlush.run(path, task, StartStop::stopped);
      }
    }
  }

  private static void stopped(ScsiTask task, IoStatus status) {
    if (status != IoStatus.SUCCESS) {
      task.path().unit().stopped(false);
    }
    task.end(status);
  }

  private static void preventAllow(LunPath path, ScsiTask task) {
    boolean prevents = (task.cdb()[FLAGS_AT] & PREVENT) != 0;
    if (prevents && path.status().isKeptOut(Access.WRITE)) {
      task.end(ScsiStatus.RESERVATION_CONFLICT);
    } else {
      task.good();
    }
  }
}
