package io.millrace.scsi;

import io.millrace.bdev.IoStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** MODE SELECT(6) and (10) (SPC-5 §6.12, §6.13). Nothing can be saved, so SP is not supported. */
final class ModeSelect {
  private static final int PF_BIT = 4;

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("MODE SELECT(6)", "15 10 00 00 ff 00")
              .data(DataPhase.PARAMETERS, 4, 1)
              .doneBy((path, task) -> select(path, task, true)),
          ScsiCommand.named("MODE SELECT(10)", "55 10 00 00 00 00 00 ff ff 00")
              .data(DataPhase.PARAMETERS, 7, 2)
              .doneBy((path, task) -> select(path, task, false)));

  private ModeSelect() {}

  private static void select(LunPath path, ScsiTask task, boolean six) {
    if (task.parameterBytes() == 0) {
      task.good();
      return;
    }
    if ((task.cdb()[1] & 1 << PF_BIT) == 0) {
      task.checkField(1, PF_BIT); // pages of a vendor's own, and there are none
      return;
    }
    ModePages modes = path.unit().modes();
    Modes before;
    @Nullable Modes after;
    do {
      before = modes.current();
      after = ModeParameterList.read(path.unit(), before, task, six);
      if (after == null) {
        return; // ended with what is wrong
      }
    } while (!modes.change(before, after));
    if (!before.equals(after)) {
      changed(path);
    }
    if (after.writeCache() || !path.unit().bdev().properties().volatileCache()) {
      task.good();
    } else {
      emptyCache(path, task, before.writeCache());
    }
  }

  /**
   * What was written with a cache is durable when this ends (SBC-4 §6.5.6). Also when there was
   * none before: the command that switched it off may have been aborted.
   */
  private static void emptyCache(LunPath path, ScsiTask task, boolean wasOn) {
    CacheFlush.run(
        path,
        task,
        (done, status) -> {
          if (status != IoStatus.SUCCESS && wasOn) {
            path.unit().modes().writeCacheStays();
            changed(path);
          }
          done.end(status);
        });
  }

  private static void changed(LunPath path) {
    path.unit().attention(UnitAttention.MODE_PARAMETERS_CHANGED, path.status());
  }
}
