package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.FrontendOptions;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The dirty log says what was written, no less and no more, slice after slice of random load. */
@Timeout(240)
class DirtyLogTruthTest {
  /** For each ring format and disk; more by {@code -Dmillrace.slices}. */
  private static final int SLICES = Integer.getInteger("millrace.slices", 200);

  private BlkTarget target;
  @TempDir private Path folder;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(2);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  private static BlkDriverOptions options(long features) {
    return BlkDriverOptions.defaults()
        .withFrontend(
            FrontendOptions.defaults().withFeatures(VirtioFeature.VERSION_1 | 1L << 30 | features));
  }

  @ParameterizedTest
  @MethodSource("io.millrace.virtio.blk.SurvivingLoad#formats")
  void aMemoryDiskMarksWhatItWrites(long features) throws Exception {
    Path socket = target.serveMalloc("disk");
    try (LoggedGuest guest = new LoggedGuest(socket, options(features), features + 1)) {
      slices(guest, features + 1);
    }
  }

  @ParameterizedTest
  @MethodSource("io.millrace.virtio.blk.SurvivingLoad#formats")
  void aFileDiskMarksWhatItWrites(long features) throws Exception {
    Path socket = target.serveFile("disk", folder.resolve("disk.img"));
    try (LoggedGuest guest = new LoggedGuest(socket, options(features), features + 2)) {
      slices(guest, features + 2);
    }
  }

  private static void slices(LoggedGuest guest, long seed) throws Exception {
    Random random = new Random(seed);
    // A disk that is not all zeroes, so that each read changes what it reads into.
    guest.prepare();
    guest.submit(40);
    guest.reap();
    guest.suspend();
    guest.pages.giveTo(guest.driver.frontend());
    for (int i = 0; i < SLICES; i++) {
      int kind = random.nextInt(4);
      try {
        if (kind == 0) {
          unlogged(guest, random);
        } else {
          logged(guest, random, kind == 1);
        }
      } catch (AssertionError e) {
        throw new AssertionError("slice " + i + " of kind " + kind + ": " + e.getMessage(), e);
      }
    }
    guest.resume(false); // as the driver expects it
  }

  /** A slice that is logged, all of it or from some time on; the front-end clears meanwhile. */
  private static void logged(LoggedGuest guest, Random random, boolean fromTheMiddle)
      throws Exception {
    guest.prepare();
    if (!fromTheMiddle) {
      guest.logging(true);
    }
    guest.resume(!fromTheMiddle);
    guest.submit(random.nextInt(20));
    if (fromTheMiddle) {
      guest.logging(true);
    }
    BitSet marked = new BitSet();
    for (int i = random.nextInt(4); i >= 0; i--) {
      guest.submit(1 + random.nextInt(20));
      marked.or(guest.pages.take());
    }
    guest.reap();
    guest.suspend();
    marked.or(guest.pages.take());
    guest.check(marked, !fromTheMiddle);
    guest.logging(false);
  }

  private static void unlogged(LoggedGuest guest, Random random) throws Exception {
    guest.prepare();
    guest.resume(false);
    guest.submit(1 + random.nextInt(30));
    guest.reap();
    guest.suspend();
    assertThat(guest.pages.take()).as("pages marked while nobody wants it").isEqualTo(new BitSet());
  }
}
