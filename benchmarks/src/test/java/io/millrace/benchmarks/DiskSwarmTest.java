package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The load of many disks against a qemu-storage-daemon of as many. */
@Timeout(60)
class DiskSwarmTest {
  @TempDir private Path work;

  @Test
  void busyDisksAreReadAndReported() throws Exception {
    List<String> command = command(new DiskSwarm.Shape(3, 2, 4));

    try (Child _ = server(3);
        Child load = Child.start("load", "0", command, work)) {
      for (int depth : new int[] {4, 1}) {
        load.say(DiskSwarm.line(depth, Duration.ZERO, Duration.ofMillis(200)));
      }
      load.awaitPrintedLines(3); // the first one says that it is attached

      String last = load.printed().lines().toList().getLast();
      FioReport report = FioReport.parse("load", last);
      assertThat(report.iops()).isPositive();
      assertThat(report.bytesPerSecond()).isCloseTo(report.iops() * 4096, within(4096.0));
    }
  }

  @Test
  void withoutABusyDiskItStaysAttachedUntilItIsEnded() throws Exception {
    List<String> command = command(new DiskSwarm.Shape(2, 0, 1));

    try (Child _ = server(2);
        Child load = Child.start("load", "0", command, work)) {
      load.awaitPrinted(DiskSwarm.ATTACHED);

      assertThat(load.process().isAlive()).isTrue();
    }
  }

  private Child server(int disks) throws Exception {
    Peers peers = new Peers(Path.of("unused"), work);
    return peers.daemonNulls("disk", disks).start("server", "0", work);
  }

  private List<String> command(DiskSwarm.Shape shape) {
    return DiskSwarm.command(work.resolve("disk"), shape);
  }
}
