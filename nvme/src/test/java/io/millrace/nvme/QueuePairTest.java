package io.millrace.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.MappedRegisters;
import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a queue pair writes to its queue and its doorbell. */
class QueuePairTest {
  private static final int ENTRIES = 4; // three commands
  private static final int DOORBELL = 0x1008;

  private final Reactor reactor = Reactor.stepped("test");
  private final TransportStatistics counts = new TransportStatistics();
  private final List<String> lies = new ArrayList<>();
  private Mapping queues;
  private Mapping lists;
  private Mapping bar;
  private QueueRings rings;
  private QueuePair pair;

  private final class Owner implements QueueOwner {
    @Override
    public void lied(QueuePair by, String what) {
      lies.add(what);
    }

    @Override
    public void abort(QueuePair in, int commandId) {
      throw new AssertionError("nothing is late here");
    }

    @Override
    public void hangs(QueuePair in, String what) {
      throw new AssertionError(what);
    }

    @Override
    public boolean takesQueues() {
      return true;
    }

    @Override
    public boolean isLost() {
      return false;
    }
  }

  /** A command that remembers how it ended. */
  private static final class Request extends NvmeRequest {
    int status = -1;
    int completions;

    Request(int opcode) {
      super(1);
      begin(opcode, 1);
    }

    @Override
    protected void completed(int ended, long result) {
      status = ended;
      completions++;
    }
  }

  @BeforeEach
  void attach() throws LinuxException {
    queues = Mapping.anonymous(QueueRings.bytes(ENTRIES), false);
    lists = Mapping.anonymous(QueuePair.listBytes(ENTRIES), false);
    bar = Mapping.anonymous(0x2000, false);
    rings =
        new QueueRings(
            memory(queues), ENTRIES, new MappedRegisters(bar.address(), 0x2000), DOORBELL, 4);
    pair = new QueuePair("pair", reactor, new Owner(), ENTRIES - 1, 1_000_000_000L, counts);
    pair.attach(1, rings, memory(lists), 4095, RetryRule.NONE, false);
  }

  private static DmaMemory memory(Mapping mapping) {
    return new DmaMemory(mapping.address(), mapping.address(), mapping.size(), () -> {});
  }

  @AfterEach
  void close() {
    pair.close();
    reactor.close();
    queues.close();
    lists.close();
    bar.close();
  }

  private int dword(int entry, int number) {
    return RawMemory.getInt(
        rings.submissionsIova() + entry * (long) SubmissionEntry.BYTES + number * 4L);
  }

  private int doorbell() {
    return RawMemory.getInt(bar.address() + DOORBELL);
  }

  private void complete(int completion, int commandId) {
    long at = rings.completionsIova() + completion * (long) QueueRings.COMPLETION_BYTES;
    RawMemory.putShort(at + 10, (short) 1);
    RawMemory.putShort(at + 12, (short) commandId);
    RawMemory.putShort(at + 14, (short) 1);
  }

  @Test
  void theDoorbellIsRungOnceForABatch() {
    pair.submit(new Request(Opcode.READ));
    pair.submit(new Request(Opcode.WRITE));
    assertThat(doorbell()).isZero();

    reactor.runOnce(1);

    assertThat(doorbell()).isEqualTo(2);
    assertThat(dword(0, 0) & 0xff).isEqualTo(Opcode.READ);
    assertThat(dword(1, 0) & 0xff).isEqualTo(Opcode.WRITE);
    assertThat(dword(0, 0) >>> 16).isNotEqualTo(dword(1, 0) >>> 16);
  }

  private void submit(int requests) {
    for (int i = 0; i < requests; i++) {
      pair.submit(new Request(Opcode.READ));
    }
  }

  @Test
  void whatThePairDidIsCounted() {
    submit(5); // room for three
    assertThat(List.of(counts.submittedRequests(), counts.queuedRequests()))
        .containsExactly(3L, 2L);

    reactor.runOnce(1);
    complete(0, dword(0, 0) >>> 16);
    complete(1, dword(1, 0) >>> 16);
    reactor.runOnce(2);

    assertThat(List.of(counts.polls(), counts.idlePolls(), counts.completions()))
        .containsExactly(2L, 1L, 2L);
    assertThat(List.of(counts.submittedRequests(), counts.queuedRequests()))
        .containsExactly(5L, 2L);
    assertThat(List.of(counts.sqMmioDoorbellUpdates(), counts.cqMmioDoorbellUpdates()))
        .containsExactly(2L, 1L);
    assertThat(List.of(counts.sqShadowDoorbellUpdates(), counts.cqShadowDoorbellUpdates()))
        .containsExactly(0L, 0L);
  }

  @Test
  void doorbellsInMemoryAreCountedBesideTheRegistersThatTheySpare() throws LinuxException {
    try (Mapping pages = Mapping.anonymous(0x2000, false)) {
      rings.shadow(pages.address(), pages.address() + 0x1000, 8, 4, false);

      submit(2);
      reactor.runOnce(1); // the device has seen nothing yet, and wants to be told
      submit(1);
      reactor.runOnce(2); // it has not moved its event index: it is looking
      complete(0, dword(0, 0) >>> 16);
      reactor.runOnce(3);
      complete(1, dword(1, 0) >>> 16);
      reactor.runOnce(4);

      assertThat(List.of(counts.sqShadowDoorbellUpdates(), counts.sqMmioDoorbellUpdates()))
          .containsExactly(2L, 1L);
      assertThat(List.of(counts.cqShadowDoorbellUpdates(), counts.cqMmioDoorbellUpdates()))
          .containsExactly(2L, 1L);
    }
  }

  @Test
  void fusedCommandsAreNeighboursAndWaitForRoomForBoth() {
    Request first = new Request(Opcode.READ);
    Request second = new Request(Opcode.READ);
    pair.submit(first);
    pair.submit(second);
    Request compare = new Request(Opcode.COMPARE);
    Request write = new Request(Opcode.WRITE);

    pair.submitFused(compare, write); // there is room for one
    reactor.runOnce(1);
    assertThat(doorbell()).isEqualTo(2);
    complete(0, dword(0, 0) >>> 16);
    reactor.runOnce(2);

    assertThat(doorbell()).isEqualTo(0); // two more, of four
    assertThat(dword(2, 0) & 0xffff).isEqualTo(Opcode.COMPARE | 1 << 8);
    assertThat(dword(3, 0) & 0xffff).isEqualTo(Opcode.WRITE | 2 << 8);
    assertThat(first.completions).isEqualTo(1);
  }

  @Test
  void fusedCommandsThatWaitEndTogether() {
    pair.detach(true);
    Request compare = new Request(Opcode.COMPARE);
    Request write = new Request(Opcode.WRITE);
    pair.submitFused(compare, write);

    pair.kill(NvmeStatus.INTERNAL_PATH_ERROR);

    assertThat(List.of(compare, write))
        .allMatch(r -> r.completions == 1 && r.status == NvmeStatus.INTERNAL_PATH_ERROR);
  }

  @Test
  void whatWasSentIsSentAgainInItsOldOrderAndOnceOnlyWhatMayBe() {
    Request first = new Request(Opcode.WRITE);
    Request once = new Request(Opcode.ZONE_APPEND);
    once.once();
    Request third = new Request(Opcode.READ);
    Request waiting = new Request(Opcode.FLUSH);
    for (Request request : List.of(first, once, third, waiting)) {
      pair.submit(request);
    }
    reactor.runOnce(1);

    pair.detach(true);
    pair.reclaim();
    rings.reset();
    pair.attach(1, rings, memory(lists), 4095, RetryRule.NONE, false);
    reactor.runOnce(2);

    assertThat(once.status & 0xff).isEqualTo(NvmeStatus.ABORTED_SQ_DELETION);
    assertThat(dword(0, 0) & 0xff).isEqualTo(Opcode.WRITE);
    assertThat(dword(1, 0) & 0xff).isEqualTo(Opcode.READ);
    assertThat(dword(2, 0) & 0xff).isEqualTo(Opcode.FLUSH);
    assertThat(first.completions).isZero();
  }

  @Test
  void aCompletionOfAnEarlierUseOfASlotIsALie() {
    Request request = new Request(Opcode.READ);
    pair.submit(request);
    reactor.runOnce(1);
    int id = dword(0, 0) >>> 16;
    complete(0, id);
    reactor.runOnce(2);
    assertThat(request.completions).isEqualTo(1);
    request.begin(Opcode.READ, 1);
    pair.submit(request);
    reactor.runOnce(3);

    complete(1, id);
    reactor.runOnce(4);

    assertThat(lies).singleElement().asString().contains("a completion of no command");
    assertThat(request.completions).isEqualTo(1);
    pair.kill(NvmeStatus.INTERNAL_PATH_ERROR);
    assertThat(request.completions).isEqualTo(2);
  }
}
