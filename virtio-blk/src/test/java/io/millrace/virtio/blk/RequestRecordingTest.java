package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.vhost.user.server.RequestRecordings;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests of guests in flight recordings. */
@Timeout(60)
class RequestRecordingTest {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);
  private static final String EVENT = "io.millrace.Request";

  @TempDir private Path folder;

  private static void read(VirtioBlkDriver driver, long sector, long data) {
    try {
      assertThat(driver.run(VirtioBlk.T_IN, sector, data, 4096, PATIENCE)).isZero();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private List<RecordedEvent> events(Recording recording) throws Exception {
    Path file = folder.resolve(recording.getId() + ".jfr");
    recording.dump(file);
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().equals(EVENT))
        .toList();
  }

  @Test
  void aRecordingThatAsksForRequestsHasThemWithTheirStagesAndNoOtherHas() throws Exception {
    try (BlkTarget target = new BlkTarget(1);
        Recording indifferent = new Recording()) {
      Path socket = target.serveMalloc("disk");
      RequestRecordings recordings =
          target.onControl(() -> RequestRecordings.follow(target.controllers));
      indifferent.start();
      try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults());
          Recording asking = new Recording()) {
        long data = driver.memory().allocate(4096, 4096);
        read(driver, 0, data);
        assertThat(events(indifferent)).isEmpty();

        asking.enable(EVENT);
        asking.start();
        long[] sector = {0};
        BlkTarget.await(
            "requests are recorded",
            () -> {
              read(driver, sector[0] += 8, data);
              return isRecorded(asking);
            });

        RecordedEvent event = events(asking).getLast();
        assertThat(event.getString("device")).isEqualTo("disk");
        assertThat(event.getInt("queue")).isZero();
        assertThat(event.getString("kind")).isEqualTo("READ");
        assertThat(event.getLong("offset")).isPositive().isLessThanOrEqualTo(sector[0] * 512);
        assertThat(event.getLong("length")).isEqualTo(4096);
        long stages =
            event.getDuration("ring").toNanos()
                + event.getDuration("bdev").toNanos()
                + event.getDuration("completion").toNanos();
        assertThat(stages).isPositive();
        assertThat(event.getDuration().toNanos()).isPositive();
      } finally {
        target.onControl(() -> {
          recordings.close();
          return true;
        });
      }
    }
  }

  private boolean isRecorded(Recording recording) {
    try {
      return !events(recording).isEmpty();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
