package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.bdev.MallocBdev;
import io.millrace.bdev.MemoryListener;
import io.millrace.bdev.stacked.ErrorBdev;
import io.millrace.bdev.stacked.Injection;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.vhost.user.FrontendMessage;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory that comes and goes while requests are with a storage that holds them. */
@Timeout(60)
class MemoryRemovalTest {
  private static final long EXTRA = 1L << 40; // guest address
  private static final int FIRST = 0; // descriptors of two chains
  private static final int SECOND = 3;
  private static final long CANCEL_SECONDS = 8;
  private static final long GIVE_UP_SECONDS = 2;

  private final ClockedReactor clock = new ClockedReactor();
  private final LogLines log = new LogLines();
  private final RecordingBdev disk = RecordingBdev.withCache(true);
  private BlkTarget target;
  private GuestMemory extra;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(1, clock);
    extra = GuestMemory.create(1 << 20, EXTRA, true);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
    extra.close();
    log.close();
  }

  private RawRing ring() throws Exception {
    return new RawRing(target.serve(disk, false, null), true);
  }

  private static void add(RawRing ring, GuestMemory memory) throws Exception {
    ring.frontend.tell(new FrontendMessage.AddMemReg(memory.region()), List.of(memory.file()));
  }

  private static void remove(RawRing ring, GuestMemory memory) throws Exception {
    ring.frontend.tell(new FrontendMessage.RemMemReg(memory.region()));
  }

  private static CompletableFuture<Void> inBackground(Telling message) {
    CompletableFuture<Void> told = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            message.tell();
            told.complete(null);
          } catch (Exception e) {
            told.completeExceptionally(e);
          }
        });
    return told;
  }

  private interface Telling {
    void tell() throws Exception;
  }

  private static void offerRead(RawRing ring, int first, long dataAddress) {
    ring.validRead(first, 0);
    ring.descriptor(first + 1, dataAddress, 512, RawRing.NEXT | RawRing.WRITE, first + 2);
    ring.offer(first);
  }

  private void hold(RawRing ring, int first, long dataAddress) {
    disk.holds = true;
    int before = disk.held.size();
    offerRead(ring, first, dataAddress);
    BlkTarget.await("the disk has it", () -> disk.held.size() == before + 1);
    disk.holds = false;
  }

  private void release(IoStatus status) {
    disk.release(target.reactors.get(0), status);
  }

  /** The queue uses the new map: what points into the memory that goes is refused. */
  private static void awaitRefusedAccess(RawRing ring) {
    BlkTarget.await(
        "the queue refuses the memory that goes",
        () -> {
          int before = ring.usedIdx();
          offerRead(ring, SECOND, EXTRA);
          BlkTarget.await("the second request is back", () -> ring.usedIdx() != before);
          assertThat(ring.usedIdx()).as("only the second").isEqualTo(before + 1);
          return ring.usedBytes(before) == 0;
        });
  }

  @Test
  void memoryComesWhileARequestHangs() throws Exception {
    try (RawRing ring = ring()) {
      hold(ring, FIRST, ring.guest(RawRing.DATA));

      add(ring, extra);

      offerRead(ring, SECOND, EXTRA);
      ring.awaitUsed(1);
      assertThat(ring.usedHead(0)).isEqualTo(SECOND);
      assertThat(ring.status()).isEqualTo(VirtioBlk.S_OK);
      release(IoStatus.SUCCESS);
      ring.awaitUsed(2);
    }
  }

  @Test
  void memoryGoesWhileARequestElsewhereHangs() throws Exception {
    try (RawRing ring = ring()) {
      add(ring, extra);
      hold(ring, FIRST, ring.guest(RawRing.DATA));
      assertThat(Mappings.count(extra.file())).isEqualTo(2);

      remove(ring, extra);

      assertThat(Mappings.count(extra.file())).isEqualTo(1);
      assertThat(ring.usedIdx()).isZero();
      release(IoStatus.SUCCESS);
      ring.awaitUsed(1);
    }
  }

  @Test
  void memoryThatARequestPointsIntoStaysUntilItIsBack() throws Exception {
    try (RawRing ring = ring()) {
      add(ring, extra);
      hold(ring, FIRST, EXTRA + 512);

      CompletableFuture<Void> removed = inBackground(() -> remove(ring, extra));

      awaitRefusedAccess(ring);
      assertThat(removed).isNotDone();
      assertThat(Mappings.count(extra.file())).isEqualTo(2);
      release(IoStatus.SUCCESS);
      removed.get(20, TimeUnit.SECONDS);
      assertThat(Mappings.count(extra.file())).isEqualTo(1);
      assertThat(ring.status()).isEqualTo(VirtioBlk.S_OK);
    }
  }

  @Test
  void memoryThatOnlyAStatusGoesToStaysUntilItIsWritten() throws Exception {
    try (RawRing ring = ring()) {
      add(ring, extra);
      disk.holds = true;
      ring.validRead(FIRST, 0);
      ring.descriptor(FIRST + 2, EXTRA + extra.size() - 1, 1, RawRing.WRITE, 0);
      ring.offer(FIRST);
      BlkTarget.await("the disk has it", () -> disk.held.size() == 1);
      disk.holds = false;

      CompletableFuture<Void> removed = inBackground(() -> remove(ring, extra));

      awaitRefusedAccess(ring);
      assertThat(removed).isNotDone();
      release(IoStatus.SUCCESS);
      removed.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void whatHangsIsCancelledAndItsMemoryGoes() throws Exception {
    target.onControl(() -> {
      target.bdevs.register(
          MallocBdev.create("base", UUID.randomUUID(), 512, 512, BlkTarget.DISK_BYTES / 512));
      return null;
    });
    ErrorBdev error =
        target.onControl(() -> ErrorBdev.create(target.bdevs, "base", null, () -> {}));
    try (RawRing ring = new RawRing(target.serve(error, false, null), true)) {
      add(ring, extra);
      target.onControl(() -> {
        error.inject(IoType.READ, new Injection(Injection.Kind.PENDING, 1, 0, 0, 0));
        return null;
      });
      offerRead(ring, FIRST, EXTRA);
      BlkTarget.await("the disk has it", () -> target.inFlight(error.name()) == 1);
      CompletableFuture<Void> removed = inBackground(() -> remove(ring, extra));
      awaitRefusedAccess(ring);
      assertThat(removed).isNotDone();

      clock.advanceSeconds(CANCEL_SECONDS);

      removed.get(20, TimeUnit.SECONDS);
      assertThat(Mappings.count(extra.file())).isEqualTo(1);
      assertThat(ring.status()).isEqualTo(VirtioBlk.S_IOERR);
      assertThat(log.all().getLast()).contains("1 request(s) that point", "are cancelled");
    }
  }

  @Test
  void whatStorageDoesNotGiveBackEndsTheSessionAndItsMemoryStaysUntilItDoes() throws Exception {
    try (RawRing ring = ring()) {
      add(ring, extra);
      hold(ring, FIRST, EXTRA);
      CompletableFuture<Void> removed = inBackground(() -> remove(ring, extra));
      awaitRefusedAccess(ring);

      theStorageHangs(removed);

      assertThat(log.all().getLast())
          .contains("disk#0: memory region [guest 0x10000000000, 1048576 bytes")
          .contains("1 request(s) that point into it hang")
          .contains("closing the session");
      assertThat(Mappings.count(extra.file())).isEqualTo(2);
      release(IoStatus.SUCCESS);
      BlkTarget.await("the memory is gone", () -> Mappings.count(extra.file()) == 1);
    }
  }

  @Test
  void aTableIsNotWaitedForForEverEither() throws Exception {
    try (RawRing ring = ring()) {
      add(ring, extra);
      hold(ring, FIRST, EXTRA);
      CompletableFuture<Void> replaced = inBackground(() -> table(ring, ring.memory));
      awaitRefusedAccess(ring);

      theStorageHangs(replaced);

      release(IoStatus.SUCCESS);
      BlkTarget.await("the memory is gone", () -> Mappings.count(extra.file()) == 1);
    }
  }

  /** Until the session is given up, of which its front-end hears by losing its connection. */
  private void theStorageHangs(CompletableFuture<Void> told) {
    clock.advanceSeconds(CANCEL_SECONDS);
    log.await("and are cancelled");
    clock.advanceSeconds(GIVE_UP_SECONDS);
    BlkTarget.await("the session is gone", () -> target.sessions("disk") == 0);
    assertThatThrownBy(() -> told.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(InitiatorException.class);
  }

  private static void table(RawRing ring, GuestMemory... regions) throws Exception {
    List<GuestMemory> all = List.of(regions);
    ring.frontend.tell(
        new FrontendMessage.SetMemTable(all.stream().map(GuestMemory::region).toList()),
        all.stream().map(GuestMemory::file).toList());
  }

  @Test
  void whatIsInBothTablesStaysMappedAndItsRequestsAreNotWaitedFor() throws Exception {
    List<String> changes = new CopyOnWriteArrayList<>();
    target.onControl(() -> {
      target.bdevs.memory().addListener(new Changes(changes));
      return null;
    });
    Path socket = target.serve(disk, false, null);
    try (RawRing ring = new RawRing(socket, true);
        GuestMemory other = GuestMemory.create(1 << 20, EXTRA, true)) {
      hold(ring, FIRST, ring.guest(RawRing.DATA));

      table(ring, ring.memory, extra);
      table(ring, extra, ring.memory);
      table(ring, ring.memory, other); // at the same addresses, and another file

      assertThat(changes).containsExactly("+1048576", "+1048576", "+1048576", "-1048576");
      assertThat(Mappings.count(extra.file())).isEqualTo(1);
      assertThat(Mappings.count(other.file())).isEqualTo(2);
      assertThat(ring.usedIdx()).isZero();
      release(IoStatus.SUCCESS);
      ring.awaitUsed(1);
    }
  }

  /** Sizes of what came and went. */
  private record Changes(List<String> seen) implements MemoryListener {
    @Override
    public void memoryAdded(Bdev bdev, long address, long bytes) {
      seen.add("+" + bytes);
    }

    @Override
    public void memoryRemoved(Bdev bdev, long address, long bytes) {
      seen.add("-" + bytes);
    }
  }
}
