package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.MallocBdev;
import io.millrace.bdev.stacked.DelayBdev;
import io.millrace.bdev.stacked.Latency;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.server.SessionInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A front-end that goes away at any message, with requests in flight, takes all its descriptors and
 * mappings with it, and leaves the next one a disk that works.
 */
@Timeout(180)
class DisconnectTest {
  private static final long WAIT = BlkTarget.DEADLINE_NANOS;
  private static final long DELAY_MICROS = 20_000; // how long a session's request is in flight
  private static final long WORD = 0x5e55_1000_0000_0000L; // what sessions write, with a number
  private static final long WORD_MASK = 0xffff_f000_0000_0000L;
  private static final int SCRATCH_BYTES = CutSession.MAX_REQUESTS * CutSession.REQUEST_BYTES;
  private static final long KEPT_SECTOR = (32 << 20) / 512;
  private static final int KEPT_BYTES = 1 << 16;
  private static final int HALF_A_HEADER = 6; // bytes

  private static final byte[] NO_DIFFERENCE = new byte[CutSession.REQUEST_BYTES];

  private final byte[] kept = new byte[KEPT_BYTES];
  private BlkTarget target;
  private DelayBdev delay;
  private Path socket;
  private long descriptorsBefore;
  private long mappingsBefore;
  private int messages; // of a whole session
  private int sessions;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(2);
    target.onControl(() -> {
      target.bdevs.register(
          MallocBdev.create("base", UUID.randomUUID(), 512, 4096, BlkTarget.DISK_BYTES / 512));
      return null;
    });
    delay = target.onControl(() -> DelayBdev.create(target.bdevs, "base", "disk", null, Map.of()));
    socket = target.serve(delay, false, null);
    new Random(5).nextBytes(kept);
    try (VirtioBlkDriver driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults())) {
      long buffer = driver.memory().allocate(KEPT_BYTES, 4096);
      RawMemory.put(kept, 0, KEPT_BYTES, buffer);
      assertThat(driver.run(VirtioBlk.T_OUT, KEPT_SECTOR, buffer, KEPT_BYTES, WAIT)).isZero();
    }
    try (CutSession session = new CutSession(socket, 0)) {
      messages = session.steps().size();
    }
    cutAfter(messages); // whatever is opened once is open after that
    awaitNoSession();
    for (Reactor reactor : target.reactors.values()) {
      BlkTarget.run(reactor, () -> {}); // what the control thread asked of it is done
    }
    target.onControl(() -> null);
    descriptorsBefore = descriptors();
    mappingsBefore = guestMappings();
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
  }

  @Test
  void afterEachOfItsMessages() throws Exception {
    for (int count = 0; count <= messages; count++) {
      cutAfter(count);

      nothingIsLeftAndTheNextIsServed("cut after message " + count);
    }
  }

  @Test
  void inTheMiddleOfEachOfItsMessages() throws Exception {
    for (int index = 0; index < messages; index++) {
      for (boolean inHeader : new boolean[] {true, false}) {
        try (CutSession session = played(index)) {
          CutSession.Step step = session.steps().get(index);
          int part = inHeader ? HALF_A_HEADER : step.bytes().remaining() - 1;
          session.playPart(index, part, step.descriptors());
        }

        nothingIsLeftAndTheNextIsServed("cut within message " + index + ", header " + inHeader);
      }
    }
  }

  @Test
  void atAMessageWithADescriptorTooManyOrTooFew() throws Exception {
    for (int index = 0; index < messages; index++) {
      for (boolean more : new boolean[] {true, false}) {
        try (CutSession session = played(index)) {
          CutSession.Step step = session.steps().get(index);
          List<FileDescriptor> wrong = new ArrayList<>(step.descriptors());
          if (more) {
            wrong.add(session.anyDescriptor());
          } else if (!wrong.isEmpty()) {
            wrong.removeLast();
          }
          session.playPart(index, step.bytes().remaining(), wrong);
        }

        nothingIsLeftAndTheNextIsServed("wrong descriptors at message " + index + ", " + more);
      }
    }
  }

  private void cutAfter(int count) throws Exception {
    played(count).close();
  }

  /** A session that has sent so many messages, with requests in flight if its rings run. */
  private CutSession played(int count) throws Exception {
    awaitNoSession();
    delayBy(DELAY_MICROS);
    CutSession session = new CutSession(socket, WORD + ++sessions);
    for (int i = 0; i < count; i++) {
      session.play(i);
    }
    if (session.running(count)) {
      session.offerBoth();
      BlkTarget.await("requests are in flight", () -> requestsInFlight() > 0);
      target.onControl(() -> {
        ((BlkController) target.controllers.get("disk"))
            .bdevResized(); // the session does not read what it is told
        return null;
      });
    }
    return session;
  }

  private void delayBy(long micros) throws Exception {
    target.onControl(() -> {
      for (Latency which : Latency.values()) {
        delay.update(which, micros);
      }
      return null;
    });
  }

  private int requestsInFlight() {
    try {
      return target.onControl(() ->
          target.controllers.get("disk").sessions().stream().mapToInt(SessionInfo::inFlight).sum());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private void awaitNoSession() {
    BlkTarget.await("the session is gone", () -> target.sessions("disk") == 0);
  }

  private void nothingIsLeftAndTheNextIsServed(String what) throws Exception {
    BlkTarget.await(
        what
            + ": descriptors and mappings are back at "
            + descriptorsBefore
            + " and "
            + mappingsBefore,
        () -> descriptors() == descriptorsBefore && guestMappings() == mappingsBefore);
    delayBy(0);
    try (VirtioBlkDriver next = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults())) {
      long buffer = next.memory().allocate(SCRATCH_BYTES + KEPT_BYTES, 4096);
      assertThat(next.run(VirtioBlk.T_IN, KEPT_SECTOR, buffer, KEPT_BYTES, WAIT)).isZero();
      assertThat(bytes(buffer, KEPT_BYTES)).as("%s: kept data", what).isEqualTo(kept);
      assertThat(next.run(VirtioBlk.T_IN, 0, buffer, SCRATCH_BYTES, WAIT)).isZero();
      for (int at = 0; at < SCRATCH_BYTES; at += CutSession.REQUEST_BYTES) {
        assertWhole(what, bytes(buffer + at, CutSession.REQUEST_BYTES));
      }
      assertThat(next.run(VirtioBlk.T_OUT, 0, buffer, SCRATCH_BYTES, WAIT)).isZero();
    }
  }

  /** A request of a session was done as a whole, or not at all. */
  private static void assertWhole(String what, byte[] block) {
    ByteBuffer words = ByteBuffer.wrap(block).order(ByteOrder.nativeOrder());
    long word = words.getLong(0);
    assertThat(word == 0 || (word & WORD_MASK) == WORD).as("%s: 0x%x", what, word).isTrue();
    for (int i = 0; i < block.length; i += Long.BYTES) {
      words.putLong(i, words.getLong(i) ^ word);
    }
    assertThat(block).as("%s: differences from 0x%x", what, word).isEqualTo(NO_DIFFERENCE);
  }

  private static byte[] bytes(long address, int count) {
    byte[] bytes = new byte[count];
    RawMemory.get(address, bytes, 0, count);
    return bytes;
  }

  private static long descriptors() {
    try (var all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long guestMappings() {
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains("memfd:")).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
