package io.millrace.initiator.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.QemuStorageDaemon;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The load generator against a qemu-storage-daemon. */
class PerfRunTest {
  private static final int MIB = 1 << 20;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(ReadWrite.class)
  void everyPatternMovesWhatItWasToldAndStops(ReadWrite pattern) throws Exception {
    PerfOptions options = PerfOptions.defaults().withLoad(pattern, 4096, 8, 2).withSize(4 * MIB);
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, 16 * MIB, 2)) {
      PerfResult result = run(daemon, options);

      assertThat(result.succeeded()).isTrue();
      for (JobResult job : result.jobs()) {
        assertThat(job.read().ios() + job.write().ios() + job.trim().ios()).isEqualTo(1024);
        assertThat(job.read().ios() > 0).isEqualTo(pattern.reads());
        assertThat(job.write().ios() > 0).isEqualTo(pattern.writes());
      }
    }
  }

  @Test
  void sequentialWritesFillTheFileOnce() throws Exception {
    Path image = directory.resolve("disk.img");
    Files.write(image, new byte[2 * MIB]);
    PerfOptions options = PerfOptions.defaults().withLoad(ReadWrite.WRITE, 8192, 4, 1);
    try (QemuStorageDaemon daemon = QemuStorageDaemon.image(directory, image, true, 1)) {
      assertThat(run(daemon, options).jobs().getFirst().write().bytes()).isEqualTo(2 * MIB);
    }

    byte[] content = Files.readAllBytes(image);
    for (int block = 0; block < content.length; block += 8192) {
      int sum = 0;
      for (int i = 0; i < 8192; i++) {
        sum |= content[block + i];
      }
      assertThat(sum).as("block at %d", block).isNotZero();
    }
  }

  @Test
  void timeBasedRunMeasuresItsRuntimeAfterTheRamp() throws Exception {
    PerfOptions options =
        PerfOptions.defaults()
            .withLoad(ReadWrite.RANDREAD, 4096, 16, 1)
            .withTime(Duration.ofMillis(300), Duration.ofMillis(200));
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, MIB, 1)) {
      PerfResult result = run(daemon, options);

      DirectionResult read = result.jobs().getFirst().read();
      assertThat(read.runtimeNanos()).isBetween(300_000_000L, 2_000_000_000L);
      assertThat(read.ios()).isGreaterThan(256); // more than the disk once
      assertThat(result.elapsedSeconds()).isGreaterThan(0.5);
      assertThat(read.latencies().count()).isEqualTo(read.ios());
    }
  }

  @Test
  void reportsTellWhatWasMeasured() throws Exception {
    PerfOptions options =
        PerfOptions.defaults()
            .withLoad(ReadWrite.RANDRW, 4096, 4, 1)
            .withTime(Duration.ofMillis(1200), Duration.ZERO);
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, 4 * MIB, 1)) {
      List<PerfProgress> seen = new ArrayList<>();
      PerfRun run = new PerfRun(daemon.socket(), options, FrontendOptions.defaults());
      run.watch(seen::add);
      PerfResult result = run.run();

      JsonNode json = JsonMapper.builder().build().readTree(PerfReport.json(result, "1.2.3"));
      JsonNode job = json.path("jobs").path(0);
      DirectionResult read = result.jobs().getFirst().read();
      assertThat(job.path("error").asInt()).isZero();
      assertThat(job.path("read").path("total_ios").asLong()).isEqualTo(read.ios());
      assertThat(job.path("read").path("bw").asLong())
          .isEqualTo((long) (read.bytesPerSecond() / 1024));
      JsonNode clat = job.path("write").path("clat_ns");
      assertThat(clat.path("percentile").path("50.000000").asLong())
          .isBetween(clat.path("min").asLong(), clat.path("max").asLong());
      assertThat(clat.path("percentile").has("99.990000")).isTrue();
      assertThat(job.path("read").path("iops_samples").asInt()).isPositive();
      assertThat(PerfReport.text(result))
          .contains("  read: IOPS=", "  write: IOPS=", "99.99th=[", "  cpu          : usr=");
      assertThat(seen).isNotEmpty();
      assertThat(seen.getFirst().fraction()).isBetween(0.2, 1.0);
      assertThat(seen.getFirst().readIops()).isPositive();
    }
  }

  @Test
  void depthOfMoreThanARingOfDirectChainsUsesTables() throws Exception {
    PerfOptions options = PerfOptions.defaults().withLoad(ReadWrite.RANDREAD, 512, 400, 1);
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, MIB, 1)) {
      assertThat(run(daemon, options).jobs().getFirst().read().ios()).isEqualTo(2048);
    }
  }

  @Test
  void stopEndsARunThatHasNoEnd() throws Exception {
    PerfOptions options =
        PerfOptions.defaults()
            .withLoad(ReadWrite.RANDREAD, 4096, 1, 1)
            .withTime(Duration.ofHours(1), Duration.ZERO);
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, MIB, 1)) {
      PerfRun run = new PerfRun(daemon.socket(), options, FrontendOptions.defaults());
      List<PerfResult> results = new ArrayList<>();
      Thread runner = Thread.ofPlatform().start(() -> runInto(run, results));

      run.stop();
      runner.join(20_000);

      assertThat(results).hasSize(1);
      assertThat(results.getFirst().succeeded()).isTrue();
    }
  }

  @Test
  void deviceThatDiesEndsTheRunWithALine() throws Exception {
    PerfOptions options =
        PerfOptions.defaults()
            .withLoad(ReadWrite.RANDREAD, 4096, 4, 1)
            .withTime(Duration.ofHours(1), Duration.ZERO);
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, MIB, 1)) {
      PerfRun run = new PerfRun(daemon.socket(), options, FrontendOptions.defaults());
      List<PerfResult> results = new ArrayList<>();
      Thread runner = Thread.ofPlatform().start(() -> runInto(run, results));
      while (!run.isRunning()) {
        Thread.onSpinWait();
      }

      daemon.kill();
      runner.join(20_000);

      assertThat(results).hasSize(1);
      assertThat(results.getFirst().jobs().getFirst().message()).isEqualTo("the back-end hung up");
    }
  }

  @Test
  void loopAllocatesNothingPerRequest() throws Exception {
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, 64 * MIB, 1)) {
      long few = allocatedBytes(daemon, 5_000);
      long many = allocatedBytes(daemon, 105_000);

      assertThat(many - few).isLessThan(100_000); // less than a byte a request
    }
  }

  private static long allocatedBytes(QemuStorageDaemon daemon, int requests) throws Exception {
    PerfOptions options =
        PerfOptions.defaults().withLoad(ReadWrite.RANDRW, 512, 32, 1).withSize(512L * requests);
    JobRegion region = new JobRegion(0, requests, 512);
    PerfTarget target = PerfTarget.socket(daemon.socket(), FrontendOptions.defaults());
    try (LoadDevice device = target.open(options, 32 * 512)) {
      long data = device.allocate(32 * 512);
      PerfJob job =
          new PerfJob(new JobSpec(device.queue(0), options, region, data, -1, 7, null, 0));
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long before = threads.getCurrentThreadAllocatedBytes();
      job.run();
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      assertThat(job.totals().message()).isEmpty();
      return bytes;
    }
  }

  @Test
  void sizeBeyondTheDiskIsRefusedBeforeItStarts() throws Exception {
    PerfOptions tooLarge = PerfOptions.defaults().withSize(64 * MIB);
    try (QemuStorageDaemon daemon = QemuStorageDaemon.nullDisk(directory, MIB, 1)) {
      assertThatThrownBy(() -> run(daemon, tooLarge))
          .isInstanceOf(InitiatorException.class)
          .hasMessage(daemon.socket() + ": --size is 67108864 bytes, the disk has 1048576");
    }
  }

  @Test
  void writesToAReadOnlyDiskAreRefusedBeforeTheyStart() throws Exception {
    Path image = directory.resolve("disk.img");
    Files.write(image, new byte[MIB]);
    PerfOptions options = PerfOptions.defaults().withLoad(ReadWrite.RANDRW, 4096, 1, 1);
    try (QemuStorageDaemon daemon = QemuStorageDaemon.image(directory, image, false, 1)) {
      assertThatThrownBy(() -> run(daemon, options))
          .hasMessage(daemon.socket() + ": the disk is read-only, --rw=randrw changes it");
    }
  }

  private static PerfResult run(QemuStorageDaemon daemon, PerfOptions options) throws Exception {
    return new PerfRun(daemon.socket(), options, FrontendOptions.defaults()).run();
  }

  private static void runInto(PerfRun run, List<PerfResult> results) {
    try {
      results.add(run.run());
    } catch (InitiatorException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
