package io.millrace.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.nvme.pci.DmaMemory;
import io.millrace.nvme.pci.MappedRegisters;
import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;

/**
 * Any bytes in a completion queue: each request ends at most once, a completion of none of them has
 * the pair stop and say so, and in the end all of them have ended.
 */
class CompletionFuzzTest {
  private static final int ENTRIES = 16;
  private static final int ROUNDS = 4;
  private static final int DOORBELLS = 0x1000;

  private static final class Counted extends NvmeRequest {
    int completions;

    Counted() {
      super(1);
    }

    @Override
    protected void completed(int status, long result) {
      completions++;
    }
  }

  private static final class Owner implements QueueOwner {
    int lies;

    @Override
    public void lied(QueuePair pair, String what) {
      lies++;
      assertThat(what).isNotBlank().doesNotContain("\n");
    }

    @Override
    public void abort(QueuePair pair, int commandId) {
      // Time stands still.
    }

    @Override
    public void hangs(QueuePair pair, String what) {
      // Time stands still.
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

  @FuzzTest
  void everyRequestEndsOnceWhateverTheControllerPosts(byte[] input) throws LinuxException {
    Owner owner = new Owner();
    List<Counted> requests = new ArrayList<>();
    try (Reactor reactor = Reactor.stepped("fuzz");
        Mapping queues = Mapping.anonymous(QueueRings.bytes(ENTRIES), false);
        Mapping lists = Mapping.anonymous(QueuePair.listBytes(ENTRIES), false);
        Mapping bar = Mapping.anonymous(2 * DOORBELLS, false)) {
      QueueRings rings =
          new QueueRings(
              memory(queues),
              ENTRIES,
              new MappedRegisters(bar.address(), bar.size()),
              DOORBELLS + 8,
              4);
      QueuePair pair =
          new QueuePair(
              "fuzz", reactor, owner, ENTRIES - 1, 1_000_000_000L, new TransportStatistics());
      pair.attach(1, rings, memory(lists), 4095, RetryRule.NONE, false);
      long completions = rings.completionsIova();
      for (int round = 0; round < ROUNDS; round++) {
        submit(pair, requests);
        post(input, round, completions);
        reactor.runOnce(round);
        assertThat(requests).allMatch(request -> request.completions <= 1);
      }

      pair.detach(false);
      pair.kill(NvmeStatus.INTERNAL_PATH_ERROR);

      assertThat(requests).allMatch(request -> request.completions == 1);
      assertThat(owner.lies).isBetween(0, 1);
      pair.close();
    }
  }

  private static void submit(QueuePair pair, List<Counted> requests) {
    for (int i = 0; i < ENTRIES; i++) {
      Counted request = new Counted();
      request.begin(Opcode.READ, 1);
      pair.submit(request);
      requests.add(request);
    }
  }

  /** Writes the input over the queue, from where the last round ended. */
  private static void post(byte[] input, int round, long completions) {
    int bytes = ENTRIES * QueueRings.COMPLETION_BYTES;
    int from = Math.min(round * bytes, input.length);
    int count = Math.min(bytes, input.length - from);
    RawMemory.put(input, from, count, completions);
  }

  private static DmaMemory memory(Mapping mapping) {
    return new DmaMemory(mapping.address(), mapping.address(), mapping.size(), () -> {});
  }
}
