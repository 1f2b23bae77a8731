package io.millrace.virtio.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.virtio.scsi.MeddledController.Meddler;
import io.millrace.virtio.scsi.MeddledController.Reply;
import io.millrace.virtio.scsi.UnitAsBdev.Io;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a bdev's users see of a unit that fails, has something to say, is busy, or lies. */
@Timeout(60)
class InitiatorUnitFaultsTest {
  private static final int READ = 0x88;
  private static final int WRITE = 0x8a;
  private static final int SYNCHRONIZE = 0x91;
  private static final int WRITE_SAME = 0x93;
  private static final int READ_CAPACITY = 0x9e;
  private static final int UNMAP = 0x42;
  private static final int INQUIRY = 0x12;
  private static final int MODE_SENSE = 0x1a;
  private static final int OPERATION_CODES = 0xa3;
  private static final int BUSY = 0x08;
  private static final int TASK_SET_FULL = 0x28;
  private static final int RESERVATION_CONFLICT = 0x18;
  private static final byte[] SOME_DATA = {1, 2, 3, 5, 8, 13, 21, 34, 55};
  private static final Reply CAPACITY_CHANGED = Reply.sense(6, 0x2a09);
  private static final Reply POWER_ON = Reply.sense(6, 0x2900);

  private ScsiHost host;
  private MeddledController controller;

  @BeforeEach
  void start() throws Exception {
    host = new ScsiHost(1);
    host.malloc("disk");
    controller = MeddledController.serve(host, "vm");
    host.onControl(() -> controller.units.add(0, 0, "disk", false));
  }

  @AfterEach
  void stop() throws Exception {
    host.close();
  }

  private UnitAsBdev open() throws Exception {
    return new UnitAsBdev(host.socket("vm"), 0, 0);
  }

  private static int opcode(byte[] cdb) {
    return cdb[0] & 0xff;
  }

  /** Answers an opcode so often, then leaves it to the unit. */
  private static Meddler times(int opcode, int count, Reply reply) {
    AtomicInteger left = new AtomicInteger(count);
    return cdb -> opcode(cdb) == opcode && left.getAndDecrement() > 0 ? reply : null;
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of("not ready", Reply.sense(2, 0x0402), IoStatus.IO_ERROR),
        Arguments.of("medium error", Reply.sense(3, 0x1100), IoStatus.IO_ERROR),
        Arguments.of("hardware error", Reply.sense(4, 0x4400), IoStatus.IO_ERROR),
        Arguments.of("unknown command", Reply.sense(5, 0x2000), IoStatus.UNSUPPORTED),
        Arguments.of("beyond the end", Reply.sense(5, 0x2100), IoStatus.OUT_OF_RANGE),
        Arguments.of("invalid field", Reply.sense(5, 0x2400), IoStatus.IO_ERROR),
        Arguments.of("write protected", Reply.sense(7, 0x2700), IoStatus.READ_ONLY),
        Arguments.of("full", Reply.sense(7, 0x2707), IoStatus.NO_SPACE),
        Arguments.of("miscompare", Reply.sense(0xe, 0x1d00), IoStatus.MISCOMPARE),
        Arguments.of("aborted for ever", Reply.sense(0xb, 0x4900), IoStatus.IO_ERROR),
        Arguments.of("reserved", Reply.status(RESERVATION_CONFLICT), IoStatus.IO_ERROR),
        Arguments.of("no sense", Reply.status(2), IoStatus.IO_ERROR),
        Arguments.of("a status of no meaning", Reply.status(0xff), IoStatus.IO_ERROR),
        Arguments.of("overrun", Reply.response(1), IoStatus.IO_ERROR),
        Arguments.of("no target", Reply.response(3), IoStatus.IO_ERROR),
        Arguments.of("a response of no meaning", Reply.response(0xee), IoStatus.IO_ERROR),
        Arguments.of("moved less", Reply.residual(1), IoStatus.IO_ERROR),
        Arguments.of("moved more", Reply.residual(-1), IoStatus.IO_ERROR),
        Arguments.of("recovered", Reply.sense(1, 0x1701), IoStatus.SUCCESS));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("failures")
  void whatAUnitSaysIsWhatItsUserIsTold(String what, Reply reply, IoStatus expected)
      throws Exception {
    try (UnitAsBdev unit = open()) {
      controller.meddler = cdb -> opcode(cdb) == WRITE ? reply : null;

      assertThat(unit.run(IoType.WRITE, 0, 512)).isEqualTo(expected);

      controller.meddler = cdb -> null;
      assertThat(unit.run(IoType.WRITE, 0, 512)).isEqualTo(IoStatus.SUCCESS);
    }
  }

  @Test
  void aReadThatBringsLessThanItsBlocksIsAnError() throws Exception {
    try (UnitAsBdev unit = open()) {
      controller.meddler = times(READ, 1, Reply.residual(512));

      assertThat(unit.run(IoType.READ, 0, 4096)).isEqualTo(IoStatus.IO_ERROR);
    }
  }

  @Test
  void whatAUnitHasToSayFirstIsHeardAndNobodyIsTold() throws Exception {
    try (UnitAsBdev unit = open()) {
      controller.meddler = times(WRITE, 16, POWER_ON);
      unit.fill(SOME_DATA);

      assertThat(unit.run(IoType.WRITE, 512, 512)).isEqualTo(IoStatus.SUCCESS);
      unit.fill(new byte[512]);
      assertThat(unit.run(IoType.READ, 512, 512)).isEqualTo(IoStatus.SUCCESS);

      assertThat(unit.data(SOME_DATA.length)).isEqualTo(SOME_DATA);
      assertThat(controller.seen(WRITE)).hasSize(17);
    }
  }

  @Test
  void aUnitThatAlwaysHasSomethingToSayIsGivenUp() throws Exception {
    try (UnitAsBdev unit = open()) {
      controller.meddler = cdb -> POWER_ON;

      assertThat(unit.run(IoType.READ, 0, 512)).isEqualTo(IoStatus.IO_ERROR);

      assertThat(controller.seen(READ)).hasSize(17);
      controller.meddler = cdb -> null;
    }
  }

  static Stream<Reply> busy() {
    return Stream.of(
        Reply.status(BUSY),
        Reply.status(TASK_SET_FULL),
        Reply.response(5),
        Reply.sense(2, 0x0401)); // becoming ready
  }

  @ParameterizedTest
  @MethodSource("busy")
  void aUnitThatIsBusyIsAskedAgainAfterAPause(Reply reply) throws Exception {
    try (UnitAsBdev unit = open()) {
      controller.meddler = times(READ, 5, reply);
      long before = System.nanoTime();

      assertThat(unit.run(IoType.READ, 0, 512)).isEqualTo(IoStatus.SUCCESS);

      assertThat(System.nanoTime() - before).isGreaterThan(31_000_000); // 1 + 2 + 4 + 8 + 16 ms
      assertThat(controller.seen(READ)).hasSize(6);
    }
  }

  @Test
  void aRequestThatWaitsForABusyUnitCanBeCancelled() throws Exception {
    try (UnitAsBdev unit = open()) {
      controller.meddler = cdb -> opcode(cdb) == READ ? Reply.status(BUSY) : null;
      Io io = unit.io(IoType.READ, 0, 512);
      unit.channel.submit(io);
      unit.until("it was tried", () -> controller.seen(READ).size() >= 3);

      unit.until(
          "it is cancelled",
          () -> {
            unit.channel.cancel(io);
            return io.status != null;
          });

      assertThat(io.status).isEqualTo(IoStatus.ABORTED);
      assertThat(unit.run(IoType.WRITE, 0, 512)).isEqualTo(IoStatus.SUCCESS);
    }
  }

  @Test
  void aSizeThatARequestIsToldOfIsFollowed() throws Exception {
    try (UnitAsBdev unit = open()) {
      unit.bdev.follow(unit.reactor, unit.registry);
      unit.until("it was asked once", () -> controller.seen(READ_CAPACITY).size() == 2);
      Meddler once = times(READ, 1, CAPACITY_CHANGED);
      AtomicInteger attentions = new AtomicInteger(3); // the question meets some too
      controller.meddler =
          cdb ->
              opcode(cdb) != READ_CAPACITY
                  ? once.to(cdb)
                  : attentions.getAndDecrement() > 0 ? POWER_ON : capacity(1 << 20, 512);

      assertThat(unit.run(IoType.READ, 0, 512)).isEqualTo(IoStatus.SUCCESS);
      unit.until("the size is followed", () -> unit.bdev.blockCount() == 1 << 20);

      assertThat(unit.resized).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"another block", "no blocks", "too many", "an error"})
  void aSizeThatCannotBeIsNotBelieved(String what) throws Exception {
    try (UnitAsBdev unit = open()) {
      controller.meddler =
          cdb ->
              opcode(cdb) != READ_CAPACITY
                  ? null
                  : switch (what) {
                    case "another block" -> capacity(100, 4096);
                    case "no blocks" -> capacity(0, 512);
                    case "too many" -> capacity(Long.MAX_VALUE, 512);
                    default -> Reply.sense(3, 0x1100);
                  };
      unit.bdev.follow(unit.reactor, unit.registry);
      unit.until("it was asked", () -> controller.seen(READ_CAPACITY).size() == 2);

      assertThat(unit.run(IoType.READ, 0, 512)).isEqualTo(IoStatus.SUCCESS);
      assertThat(unit.bdev.blockCount()).isEqualTo(ScsiHost.BLOCKS);
      assertThat(unit.resized).isZero();
    }
  }

  private static Reply capacity(long blocks, int blockBytes) {
    return Reply.data(ByteBuffer.allocate(32).putLong(blocks - 1).putInt(blockBytes).array());
  }

  @Test
  void aDurableWriteHasFuaWhereTheUnitKnowsItAndNoFlushFollows() throws Exception {
    controller.meddler = modes(1 << 4, 1 << 2); // DPOFUA, WCE
    try (UnitAsBdev unit = open()) {
      assertThat(unit.bdev.properties().volatileCache()).isTrue();
      Io durable = unit.io(IoType.WRITE, 0, 512);
      durable.forceUnitAccess();

      assertThat(unit.run(durable)).isEqualTo(IoStatus.SUCCESS);
      assertThat(unit.run(IoType.WRITE, 0, 512)).isEqualTo(IoStatus.SUCCESS);

      assertThat(controller.seen(WRITE))
          .extracting(cdb -> cdb[1])
          .containsExactly((byte) 8, (byte) 0);
      assertThat(controller.seen(SYNCHRONIZE)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDurableWriteIsFollowedByAFlushWhereTheUnitKnowsNoFuaAndHasACache(boolean cached)
      throws Exception {
    controller.meddler = modes(0, cached ? 1 << 2 : 0);
    try (UnitAsBdev unit = open()) {
      Io durable = unit.io(IoType.WRITE, 0, 512);
      durable.forceUnitAccess();

      assertThat(unit.run(durable)).isEqualTo(IoStatus.SUCCESS);

      assertThat(controller.seen(WRITE).getFirst()[1]).isZero();
      assertThat(controller.seen(SYNCHRONIZE)).hasSize(cached ? 1 : 0);
    }
  }

  private static Meddler modes(int specific, int caching) {
    byte[] modes = new byte[24];
    modes[2] = (byte) specific;
    modes[4] = 8;
    modes[5] = 18;
    modes[6] = (byte) caching;
    return cdb -> opcode(cdb) == MODE_SENSE ? Reply.data(modes) : null;
  }

  @Test
  void aUnitWithoutACacheNeedNotKnowHowToFlush() throws Exception {
    try (UnitAsBdev unit = open()) {
      controller.meddler = cdb -> opcode(cdb) == SYNCHRONIZE ? Reply.sense(5, 0x2000) : null;

      assertThat(unit.run(IoType.FLUSH, 0, 0)).isEqualTo(IoStatus.SUCCESS);
    }
  }

  @Test
  void unmapsAndZeroesKeepToTheUnitsLimitsAndMissNothing() throws Exception {
    controller.meddler = limits(100, 1000);
    try (UnitAsBdev unit = open()) {
      assertThat(unit.bdev.properties().limits().unmapGranularity()).isEqualTo(8 * 512);
      byte[] ones = new byte[1 << 20];
      Arrays.fill(ones, (byte) 1);
      unit.fill(ones);
      assertThat(unit.run(IoType.WRITE, 0, ones.length)).isEqualTo(IoStatus.SUCCESS);

      assertThat(unit.run(IoType.WRITE_ZEROES, 512, 2001 * 512)).isEqualTo(IoStatus.SUCCESS);
      assertThat(unit.run(IoType.UNMAP, 2 << 20, 250 * 512)).isEqualTo(IoStatus.SUCCESS);

      assertThat(unit.run(IoType.READ, 0, ones.length)).isEqualTo(IoStatus.SUCCESS);
      Arrays.fill(ones, 512, 512 + 2001 * 512, (byte) 0);
      assertThat(unit.data(ones.length)).isEqualTo(ones);
      assertThat(controller.seen(WRITE_SAME))
          .extracting(InitiatorUnitFaultsTest::range)
          .containsExactly("0 1+1000", "0 1001+1000", "0 2001+1");
      assertThat(controller.seen(UNMAP)).hasSize(3);
    }
  }

  /** A unit that says nothing of its commands, so that zeroes go as a block of them. */
  private static Meddler limits(int unmapBlocks, long sameBlocks) {
    byte[] page = new byte[64];
    page[1] = (byte) 0xb0;
    page[3] = 60;
    ByteBuffer.wrap(page)
        .putInt(20, unmapBlocks)
        .putInt(24, 1)
        .putInt(28, 8)
        .putLong(36, sameBlocks);
    return cdb ->
        opcode(cdb) == OPERATION_CODES
            ? Reply.sense(5, 0x2000)
            : opcode(cdb) == INQUIRY && (cdb[2] & 0xff) == 0xb0 ? Reply.data(page) : null;
  }

  private static String range(byte[] cdb) {
    ByteBuffer command = ByteBuffer.wrap(cdb);
    return "%x %d+%d".formatted(cdb[1], command.getLong(2), command.getInt(10));
  }

  @Test
  void zeroesKeepTheirLeaveToUnmapAndCarryNoData() throws Exception {
    try (UnitAsBdev unit = open()) {
      Io unmapping = unit.io(IoType.WRITE_ZEROES, 0, 4096);
      unmapping.allowUnmap();

      assertThat(unit.run(unmapping)).isEqualTo(IoStatus.SUCCESS);
      assertThat(unit.run(IoType.WRITE_ZEROES, 4096, 8192)).isEqualTo(IoStatus.SUCCESS);

      assertThat(controller.seen(WRITE_SAME))
          .extracting(InitiatorUnitFaultsTest::range)
          .containsExactly("9 0+8", "1 8+16");
    }
  }

  @Test
  void whateverADeviceSaysEachRequestEndsOnceAndTheNextOneIsServed() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int[] responses = {0, 0, 0, 1, 2, 3, 4, 5, 9, 0xff};
    int[] statuses = {0, 2, 2, 2, 8, 0x18, 0x28, 0x30, 0x40, 0xff};
    try (UnitAsBdev unit = open()) {
      unit.bdev.follow(unit.reactor, unit.registry);
      controller.meddler =
          cdb -> {
            byte[] sense = new byte[96];
            random.nextBytes(sense);
            sense[0] = (byte) (0x70 + random.nextInt(5));
            return random.nextInt(8) == 0
                ? null
                : new Reply(
                    responses[random.nextInt(responses.length)],
                    statuses[random.nextInt(statuses.length)],
                    random.nextBoolean() ? random.nextInt() : 18,
                    sense,
                    random.nextInt(3) == 0 ? random.nextInt() : 0,
                    new byte[0]);
          };
      IoType[] types = IoType.values();
      List<Io> ios = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        IoType type = types[random.nextInt(types.length - 1)]; // no zones
        Io io =
            type == IoType.FLUSH
                ? unit.io(type, 0, 0)
                : unit.io(type, 512L * random.nextInt(1000), 512 * (1 + random.nextInt(600)));
        ios.add(io);
        unit.channel.submit(io);
      }
      unit.until("seed " + seed, () -> ios.stream().allMatch(io -> io.status != null));

      controller.meddler = cdb -> null;
      unit.fill(SOME_DATA);

      assertThat(unit.run(IoType.WRITE, 0, 512)).isEqualTo(IoStatus.SUCCESS);
      assertThat(unit.run(IoType.READ, 0, 512)).isEqualTo(IoStatus.SUCCESS);
      assertThat(unit.data(SOME_DATA.length)).isEqualTo(SOME_DATA);
    }
  }
}
