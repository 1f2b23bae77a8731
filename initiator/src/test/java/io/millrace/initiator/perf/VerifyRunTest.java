package io.millrace.initiator.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.QemuStorageDaemon;
import io.millrace.initiator.perf.VerifyFailure.Damage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs with {@code --verify} over an image that the tests change behind the disk's back. */
class VerifyRunTest {
  private static final int MIB = 1 << 20;
  private static final int BLOCK = 4096;

  @TempDir Path directory;
  private Path image;
  private Path state;

  @BeforeEach
  void image() throws Exception {
    image = directory.resolve("disk.img");
    state = directory.resolve("disk.state");
    Files.write(image, new byte[MIB]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"write", "randwrite", "rw", "randrw"})
  void everyWrittenBlockIsReadBackAndRight(String word) throws Exception {
    PerfOptions options = options(word, VerifyOptions.ON);

    JobResult job = run(options);

    assertThat(job.message()).isEmpty();
    assertThat(job.verify().checkedBlocks()).isEqualTo(job.write().ios()).isPositive();
    assertThat(job.verify().badBlocks()).isZero();
  }

  @Test
  void patternIsProvedOverAnybodysSocket() throws Exception {
    PerfOptions options = options("randwrite", VerifyOptions.ON);
    try (QemuStorageDaemon daemon = QemuStorageDaemon.image(directory, image, true, 1)) {
      PerfResult result = new PerfRun(daemon.socket(), options, FrontendOptions.defaults()).run();

      assertThat(result.succeeded()).isTrue();
      assertThat(result.jobs().getFirst().verify().checkedBlocks()).isEqualTo(256);
    }
    assertThat(run(options("read", VerifyOptions.ON)).verify().badBlocks()).isZero();
  }

  @Test
  void flippedBitIsFoundWithoutAnyState() throws Exception {
    run(options("randwrite", VerifyOptions.ON.withoutReadBack()));
    byte[] content = Files.readAllBytes(image);
    content[17 * BLOCK + 600] ^= 4;
    Files.write(image, content);

    JobResult job = run(options("randread", VerifyOptions.ON));

    assertThat(job.error()).isEqualTo(84);
    assertThat(job.message()).isEqualTo("1 of 256 blocks are bad");
    VerifyFailure failure = job.verify().failures().getFirst();
    assertThat(failure.offsetBytes()).isEqualTo(17 * BLOCK);
    assertThat(failure.damage()).isEqualTo(Damage.CORRUPT);
    assertThat(failure.detail()).contains("byte " + (17 * BLOCK + 600) + " is 0x");
  }

  @Test
  void swappedBlocksAreBothMisplaced() throws Exception {
    run(options("write", VerifyOptions.ON));
    byte[] content = Files.readAllBytes(image);
    byte[] swapped = content.clone();
    System.arraycopy(content, 3 * BLOCK, swapped, 200 * BLOCK, BLOCK);
    System.arraycopy(content, 200 * BLOCK, swapped, 3 * BLOCK, BLOCK);
    Files.write(image, swapped);

    JobResult job = run(options("read", VerifyOptions.ON));

    assertThat(job.verify().failures())
        .extracting(VerifyFailure::damage, VerifyFailure::offsetBytes)
        .containsExactlyInAnyOrder(
            tuple(Damage.MISPLACED, 3L * BLOCK), tuple(Damage.MISPLACED, 200L * BLOCK));
  }

  @Test
  void staleBlockIsFoundByTheState() throws Exception {
    VerifyOptions kept = VerifyOptions.ON.withStateFile(state);
    run(options("randwrite", kept));
    byte[] old = Files.readAllBytes(image);
    run(options("randwrite", kept));
    byte[] content = Files.readAllBytes(image);
    System.arraycopy(old, 77 * BLOCK, content, 77 * BLOCK, BLOCK);
    System.arraycopy(old, 99 * BLOCK + 512, content, 99 * BLOCK + 512, 512);
    Files.write(image, content);

    JobResult only = run(options("randwrite", kept.withOnly()));
    JobResult read = run(options("read", kept));

    for (JobResult job : List.of(only, read)) {
      assertThat(job.verify().failures())
          .extracting(VerifyFailure::damage, VerifyFailure::offsetBytes)
          .containsExactlyInAnyOrder(
              tuple(Damage.STALE, 77L * BLOCK), tuple(Damage.TORN, 99L * BLOCK));
    }
  }

  @Test
  void nextRunSeesALostWriteOfItsOwn() throws Exception {
    VerifyOptions kept = VerifyOptions.ON.withStateFile(state);
    run(options("write", kept));
    byte[] old = Files.readAllBytes(image);
    run(options("randwrite", kept.withoutReadBack()));
    Files.write(image, old);

    JobResult job = run(options("randwrite", kept.withOnly()));

    assertThat(job.verify().badBlocks()).isEqualTo(256);
    assertThat(job.verify().failures()).hasSize(16);
  }

  @Test
  void fatalEndsAtTheFirstBadBlock() throws Exception {
    run(options("write", VerifyOptions.ON));
    Files.write(image, new byte[MIB]);
    PerfOptions options = options("read", VerifyOptions.ON.withFatal());

    JobResult job = run(options.withLoad(ReadWrite.READ, BLOCK, 1, 1));

    assertThat(job.verify().checkedBlocks()).isEqualTo(1);
    assertThat(job.verify().failures().getFirst().detail()).startsWith("reads as zeroes");
  }

  @Test
  void passesOfATimeBasedRunAreEachProved() throws Exception {
    PerfOptions options =
        options("randwrite", VerifyOptions.ON).withTime(Duration.ofMillis(300), Duration.ZERO);
    PerfTarget memory = PerfTarget.bdev("malloc:1m", false);

    JobResult job = new PerfRun(memory, options).run().jobs().getFirst();

    assertThat(job.message()).isEmpty();
    assertThat(job.write().ios()).isGreaterThan(256);
    // The last pass may be cut short: then the rest holds the pass before it.
    assertThat(job.verify().checkedBlocks() % 256).isZero();
    assertThat(job.verify().checkedBlocks()).isGreaterThanOrEqualTo(job.write().ios());
  }

  @Test
  void runThatWasCutShortIsProvedAsFarAsItGot() throws Exception {
    VerifyOptions kept = VerifyOptions.ON.withStateFile(state).withoutReadBack();
    run(options("write", kept));
    String open = Files.readString(state).replace("\"open\" : false", "\"open\" : true");
    Files.writeString(state, open);
    byte[] content = Files.readAllBytes(image);
    Arrays.fill(content, 128 * BLOCK, MIB, (byte) 0); // killed half-way
    content[5 * BLOCK] ^= 1;
    Files.write(image, content);

    JobResult job = run(options("write", VerifyOptions.ON.withStateFile(state).withOnly()));

    assertThat(job.verify().unwrittenBlocks()).isEqualTo(128);
    assertThat(job.verify().failures())
        .extracting(VerifyFailure::offsetBytes)
        .containsExactly(5L * BLOCK);
  }

  @Test
  void stateIsStillExactAfterTheBackEndWasKilled() throws Exception {
    Files.write(image, new byte[64 * MIB]);
    VerifyOptions kept = VerifyOptions.ON.withStateFile(state);
    List<PerfResult> results = new ArrayList<>();
    try (QemuStorageDaemon daemon = QemuStorageDaemon.image(directory, image, true, 1)) {
      PerfRun run =
          new PerfRun(daemon.socket(), options("write", kept), FrontendOptions.defaults());
      Thread runner = Thread.ofPlatform().start(() -> runInto(run, results));
      while (firstByte() == 0) {
        Thread.onSpinWait();
      }
      daemon.kill();
      runner.join(30_000);
    }
    assertThat(results.getFirst().jobs().getFirst().message()).isEqualTo("the back-end hung up");

    JobResult job = run(options("write", kept.withOnly()));

    assertThat(job.message()).isEmpty();
    assertThat(job.verify().checkedBlocks()).isBetween(1L, 16_384L);
    assertThat(job.verify().unwrittenBlocks()).isLessThanOrEqualTo(16); // those in flight
  }

  private byte firstByte() throws IOException {
    try (InputStream content = Files.newInputStream(image)) {
      return (byte) content.read();
    }
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

  @Test
  void jobsWithPartsOfTheirOwnAreProvedTogether() throws Exception {
    PerfOptions options =
        options("randwrite", VerifyOptions.ON.withStateFile(state))
            .withLoad(ReadWrite.RANDWRITE, BLOCK, 8, 4)
            .with(b -> {
              b.size = new Amount(25, true);
              b.offsetIncrement = new Amount(25, true);
              b.groupReporting = true;
            });

    JobResult all = run(options);

    assertThat(all.verify().checkedBlocks()).isEqualTo(256);
    assertThat(run(options("read", VerifyOptions.ON)).verify().badBlocks()).isZero();
  }

  @Test
  void jobsThatWouldOverwriteEachOtherAreRefused() {
    PerfOptions options =
        options("randwrite", VerifyOptions.ON).withLoad(ReadWrite.RANDWRITE, BLOCK, 8, 2);

    assertThatThrownBy(() -> run(options))
        .isInstanceOf(InitiatorException.class)
        .hasMessageContaining("each job needs a part of its own");
  }

  @Test
  void stateOfAnotherRunOrOfNothingIsRefusedInOneLine() throws Exception {
    VerifyOptions kept = VerifyOptions.ON.withStateFile(state);
    assertThatThrownBy(() -> run(options("write", kept.withOnly())))
        .hasMessageContaining("there is no such state");
    run(options("write", kept));
    assertThatThrownBy(() -> run(options("randwrite", kept.withOnly())))
        .hasMessageContaining("is of --rw=write --bs=4096");
    assertThatThrownBy(() -> run(options("write", kept).withSize(MIB / 2)))
        .hasMessageContaining("on 1048576 bytes from 0 on");
    for (String junk : List.of("", "{}", "7", "{\"format\":", "[null]", "\0\0")) {
      Files.writeString(state, junk);
      assertThatThrownBy(() -> run(options("write", kept)))
          .as(junk)
          .hasMessage(state + ": is no verify state of millrace perf; give another --verify-state");
    }
  }

  private static PerfOptions options(String word, VerifyOptions verify) {
    ReadWrite rw = ReadWrite.of(word).orElseThrow();
    return PerfOptions.defaults().withLoad(rw, BLOCK, 16, 1).withVerify(verify);
  }

  private JobResult run(PerfOptions options) throws Exception {
    PerfTarget target = PerfTarget.bdev(image.toString(), false);
    return new PerfRun(target, options).run().jobs().getFirst();
  }
}
