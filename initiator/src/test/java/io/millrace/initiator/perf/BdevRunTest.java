package io.millrace.initiator.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.millrace.initiator.InitiatorException;
import io.millrace.linux.Mapping;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The load generator against bdevs of its own. */
class BdevRunTest {
  private static final int MIB = 1 << 20;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(ReadWrite.class)
  void everyPatternMovesEveryBlockOfMemoryOnce(ReadWrite pattern) throws Exception {
    PerfOptions options = PerfOptions.defaults().withLoad(pattern, 4096, 8, 2);

    PerfResult result = run("malloc:4m", options);

    assertThat(result.succeeded()).isTrue();
    for (JobResult job : result.jobs()) {
      assertThat(job.read().ios() + job.write().ios() + job.trim().ios()).isEqualTo(1024);
      assertThat(job.trim().ios() > 0).isEqualTo(pattern.trims());
    }
  }

  @Test
  void timeBasedRunOnNothingHasNoEndOfItsOwn() throws Exception {
    PerfOptions options =
        PerfOptions.defaults()
            .withLoad(ReadWrite.RANDRW, 512, 1, 1)
            .withTime(Duration.ofMillis(200), Duration.ofMillis(50));

    JobResult job = run("null:1m", options).jobs().getFirst();

    assertThat(job.runtimeNanos()).isBetween(200_000_000L, 10_000_000_000L);
    assertThat(job.read().ios() + job.write().ios()).isGreaterThan(2048);
  }

  @Test
  void rateCapsEachDirectionAndStillMovesEverything() throws Exception {
    PerfOptions options =
        PerfOptions.defaults()
            .withLoad(ReadWrite.RANDRW, 4096, 8, 1)
            .withVerify(VerifyOptions.ON)
            .with(b -> {
              b.rateIops = 500;
              b.fsync = 16;
            });

    JobResult job = run("malloc:1m", options).jobs().getFirst();

    // 256 requests, about half of them writes: the last of these is due after a quarter second.
    assertThat(job.message()).isEmpty();
    long writes = job.write().ios();
    assertThat(writes).isGreaterThan(64);
    assertThat(job.write().iops()).isLessThan(500.0 * writes / (writes - 1));
    assertThat(job.verify()).isNotNull();
  }

  @Test
  void rateIsHeldWhateverTheDepth() throws Exception {
    PerfOptions options =
        PerfOptions.defaults()
            .withLoad(ReadWrite.RANDREAD, 512, 64, 1)
            .with(b -> {
              b.size = Amount.bytes(512 * 1000);
              b.rateIops = 2000;
            });

    DirectionResult read = run("null:1m", options).jobs().getFirst().read();

    // The thousandth begins 999 intervals after the first; a pause of this machine for more than
    // 10 ms, which is not made up for, makes that later.
    assertThat(read.ios()).isEqualTo(1000);
    assertThat(read.runtimeNanos()).isBetween(490_000_000L, 5_000_000_000L);
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void trimsMakeHolesInAFileAndFlushesAreCounted(boolean direct) throws Exception {
    Path image = directory.resolve("disk.img");
    Files.write(image, new byte[MIB]);
    PerfOptions write =
        PerfOptions.defaults().withLoad(ReadWrite.RANDWRITE, 4096, 4, 1).with(b -> b.fsync = 10);
    PerfOptions trim = PerfOptions.defaults().withLoad(ReadWrite.RANDTRIM, 4096, 4, 1);

    JobResult written = run(image, direct, write);
    byte[] full = Files.readAllBytes(image);
    JobResult trimmed = run(image, direct, trim);

    assertThat(written.syncs().count()).isEqualTo(25);
    assertThat(full).isNotEqualTo(new byte[MIB]);
    assertThat(trimmed.message()).isEmpty();
    assertThat(Files.readAllBytes(image)).isEqualTo(new byte[MIB]);
  }

  @Test
  void readsDoNotNeedAWritableImage() throws Exception {
    Path image = directory.resolve("disk.img");
    Files.write(image, new byte[MIB]);
    assertThat(image.toFile().setReadOnly()).isTrue();

    assertThat(run(image, false, PerfOptions.defaults()).read().bytes()).isEqualTo(MIB);
  }

  @Test
  void loopAllocatesNothingPerRequestProvedOrNot() throws Exception {
    for (VerifyOptions verify : new VerifyOptions[] {VerifyOptions.OFF, VerifyOptions.ON}) {
      long few = allocatedBytes(5_000, verify);
      long many = allocatedBytes(105_000, verify);

      assertThat(many - few).as("%s", verify).isLessThan(100_000); // less than a byte a request
    }
  }

  private static long allocatedBytes(int requests, VerifyOptions verify) throws Exception {
    PerfOptions options =
        PerfOptions.defaults()
            .withLoad(ReadWrite.RANDWRITE, 512, 32, 1)
            .withVerify(verify)
            .with(b -> b.fsync = 32);
    JobRegion region = new JobRegion(0, requests, 512);
    PerfTarget target = PerfTarget.bdev("malloc:" + requests * 512L, false);
    try (LoadDevice device = target.open(options, 65_536);
        Mapping scratch = Mapping.anonymous(4096, false)) {
      Verifier verifier =
          verify.enabled()
              ? new Verifier(options, region, VerifyJournal.none(1), 0, scratch.address())
              : null;
      long data = device.allocate(65_536);
      PerfJob job =
          new PerfJob(new JobSpec(device.queue(0), options, region, data, -1, 7, verifier, 32));
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long before = threads.getCurrentThreadAllocatedBytes();
      job.run();
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      assertThat(job.totals().message()).isEmpty();
      return bytes;
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "malloc:|'' is no size",
        "malloc:0|--bdev malloc:0 must have a size that is a multiple of 512",
        "null:1000|--bdev null:1000 must have a size that is a multiple of 512",
        "malloc:9999999p|'9999999p' is no size",
        "''|--bdev  names nothing",
      })
  void textThatIsNoBdevIsRefused(String text, String message) {
    assertThatThrownBy(() -> PerfTarget.bdev(text, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void whatCannotBeOpenedOrDoneIsRefusedInOneLine() {
    assertThatThrownBy(() -> run("malloc:8000p", PerfOptions.defaults()))
        .isInstanceOf(InitiatorException.class)
        .hasMessageContaining("no memory for it");
    assertThatThrownBy(() -> run(directory.resolve("none"), false, PerfOptions.defaults()))
        .hasMessageContaining("ENOENT");
    assertThatThrownBy(() -> run("null:1m", PerfOptions.defaults().withVerify(VerifyOptions.ON)))
        .hasMessage("null:1m: it forgets what is written; --verify needs another bdev");
    assertThatThrownBy(
            () -> run("null:1m", PerfOptions.defaults().with(b -> b.offset = Amount.bytes(MIB))))
        .hasMessage("null:1m: --offset of job 0 is 1048576, the disk has 1048576 bytes");
    assertThatThrownBy(() -> run("null:2k", PerfOptions.defaults()))
        .hasMessage("null:2k: --bs is 4096, --size leaves room for 2048 bytes");
  }

  private static PerfResult run(String bdev, PerfOptions options) throws Exception {
    return new PerfRun(PerfTarget.bdev(bdev, false), options).run();
  }

  private static JobResult run(Path image, boolean direct, PerfOptions options) throws Exception {
    return new PerfRun(PerfTarget.bdev(image.toString(), direct), options).run().jobs().getFirst();
  }
}
