package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.IoType;
import io.millrace.initiator.BlkConfig;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkRange;
import io.millrace.initiator.Frontend;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.vhost.user.ByteString;
import io.millrace.vhost.user.ConfigAccess;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.ProtocolFeature;
import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The cache mode of a session (CONFIG_WCE): which writes the disk is asked to make durable. */
@Timeout(60)
class WriteCacheTest {
  private static final long WAIT = BlkTarget.DEADLINE_NANOS;
  private static final int WRITEBACK = BlkConfig.WRITEBACK_OFFSET;

  private BlkTarget target;
  private RecordingBdev disk;
  private Path socket;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(1);
    disk = RecordingBdev.withCache(true);
    socket = target.serve(disk, false, null);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  private VirtioBlkDriver open() throws Exception {
    return VirtioBlkDriver.open(socket, BlkDriverOptions.defaults());
  }

  /** Writes a sector and says whether the disk was asked to make it durable. */
  private boolean writesThrough(VirtioBlkDriver driver) throws Exception {
    long buffer = driver.memory().allocate(512, 512);
    assertThat(driver.run(VirtioBlk.T_OUT, 0, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_OK);
    assertThat(disk.asked.getLast().type()).isEqualTo(IoType.WRITE);
    return disk.asked.getLast().durable();
  }

  private boolean zeroesThrough(VirtioBlkDriver driver) throws Exception {
    long range = driver.memory().allocate(BlkRange.BYTES, 16);
    BlkRange.put(range, 0, 0, 8, 0);
    assertThat(driver.run(VirtioBlk.T_WRITE_ZEROES, 0, range, BlkRange.BYTES, WAIT))
        .isEqualTo(VirtioBlk.S_OK);
    return disk.asked.getLast().durable();
  }

  @Test
  void theCacheIsSwitchedOnAndOffWhileTheQueueRuns() throws Exception {
    try (VirtioBlkDriver driver = open()) {
      assertThat(driver.config().writeback()).isEqualTo(1);
      assertThat(writesThrough(driver)).isFalse();
      assertThat(zeroesThrough(driver)).isFalse();

      driver.writeback(false);
      assertThat(driver.readConfig().writeback()).isZero();
      assertThat(writesThrough(driver)).isTrue();
      assertThat(zeroesThrough(driver)).isTrue();

      driver.writeback(true);
      assertThat(driver.readConfig().writeback()).isEqualTo(1);
      assertThat(writesThrough(driver)).isFalse();
    }
  }

  @Test
  void aDiscardIsNeverMadeDurable() throws Exception {
    try (VirtioBlkDriver driver = open()) {
      driver.writeback(false);
      long range = driver.memory().allocate(BlkRange.BYTES, 16);
      BlkRange.put(range, 0, 0, 8, 0);

      driver.run(VirtioBlk.T_DISCARD, 0, range, BlkRange.BYTES, WAIT);

      assertThat(disk.asked.getLast().durable()).isFalse();
    }
  }

  @Test
  void oneSessionsCacheModeIsNotAnothers() throws Exception {
    try (VirtioBlkDriver one = open();
        VirtioBlkDriver two = open()) {
      one.writeback(false);

      assertThat(writesThrough(one)).isTrue();
      assertThat(writesThrough(two)).isFalse();
      assertThat(two.readConfig().writeback()).isEqualTo(1);
    }
    try (VirtioBlkDriver later = open()) {
      assertThat(later.config().writeback()).isEqualTo(1);
    }
  }

  @Test
  void aResetOfTheDeviceLeavesTheMode() throws Exception {
    try (VirtioBlkDriver driver = open()) {
      driver.writeback(false);

      driver.stop();
      driver.frontend().tell(new FrontendMessage.ResetDevice());

      assertThat(driver.readConfig().writeback()).isZero();
    }
  }

  @Test
  void aDriverThatCannotFlushWritesThroughWhateverItSets() throws Exception {
    long features = VirtioBlk.FEATURES & ~VirtioBlk.F_FLUSH;
    try (RawRing ring = new RawRing(socket, true, features)) {
      assertThat(ring.frontend.getConfig(WRITEBACK, 1)).isEqualTo(ByteString.of(new byte[] {0}));
      ring.frontend.setConfig(WRITEBACK, ByteString.of(new byte[] {1}));

      write(ring);

      assertThat(disk.asked.getLast().durable()).isTrue();
    }
  }

  @Test
  void aModeThatWasNotNegotiatedHasNoEffect() throws Exception {
    long features = VirtioBlk.FEATURES & ~VirtioBlk.F_CONFIG_WCE;
    try (RawRing ring = new RawRing(socket, true, features)) {
      ring.frontend.setConfig(WRITEBACK, ByteString.of(new byte[] {0}));

      write(ring);

      assertThat(disk.asked.getLast().durable()).isFalse();
    }
  }

  private static void write(RawRing ring) {
    ring.header(VirtioBlk.T_OUT);
    ring.descriptor(0, ring.guest(RawRing.HEADER), 16, RawRing.NEXT, 1);
    ring.descriptor(1, ring.guest(RawRing.DATA), 512, RawRing.NEXT, 2);
    ring.descriptor(2, ring.guest(RawRing.STATUS), 1, RawRing.WRITE, 0);
    ring.offer(0);
    ring.awaitUsed(1);
  }

  @Test
  void aDiskWithoutACacheSaysSo() throws Exception {
    Path malloc = target.serveMalloc("malloc");
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(malloc, BlkDriverOptions.defaults())) {
      assertThat(driver.config().writeback()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "32, 02",
    "32, ff", // no mode
    "31, 0001",
    "32, 0000",
    "32, 0001", // more than the one byte
    "0, 0000000000000000",
    "8, 00",
    "33, 00",
    "34, 0100",
    "60, 00",
    "255, 00",
    "256, ''",
    "32, ''",
  })
  void whatADriverMayNotWriteIsRefusedAndTheSessionGoesOn(int offset, String hex) throws Exception {
    try (VirtioBlkDriver driver = open()) {
      BlkConfig before = driver.config();

      assertThatThrownBy(() -> driver.frontend().setConfig(offset, bytes(hex)))
          .isInstanceOf(InitiatorException.class)
          .hasMessageContaining("refused");

      assertThat(driver.readConfig()).isEqualTo(before);
      assertThat(writesThrough(driver)).isFalse();
    }
  }

  private static ByteString bytes(String hex) {
    return ByteString.of(java.util.HexFormat.of().parseHex(hex));
  }

  @Test
  void aWriteThatIsRefusedWithoutAcknowledgementEndsTheSession() throws Exception {
    FrontendOptions options =
        FrontendOptions.defaults().withProtocolFeatures(EnumSet.of(ProtocolFeature.CONFIG));
    try (Frontend frontend = Frontend.connect(socket, options)) {
      frontend.setConfig(0, bytes("00"));

      assertThatThrownBy(frontend::barrier).isInstanceOf(InitiatorException.class);
    }
  }

  @Test
  void aMigrationWritesTheModeTogetherWithWhatIsTheSameHere() throws Exception {
    try (VirtioBlkDriver driver = open()) {
      byte[] config = driver.frontend().getConfig(0, 64).toArray();
      config[WRITEBACK] = 0;
      migrate(driver, config);

      assertThat(driver.readConfig().writeback()).isZero();
      assertThat(writesThrough(driver)).isTrue();

      config[0]++; // another capacity
      config[WRITEBACK] = 1;
      assertThatThrownBy(() -> migrate(driver, config)).hasMessageContaining("refused");
      assertThat(driver.readConfig().writeback()).isZero();
    }
  }

  private static void migrate(VirtioBlkDriver driver, byte[] config) throws InitiatorException {
    driver
        .frontend()
        .tell(
            new FrontendMessage.SetConfig(
                new ConfigAccess(0, ConfigAccess.MIGRATION, ByteString.of(config))));
  }
}
