package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static io.millrace.virtqueue.RingUnderTest.NEXT;
import static io.millrace.virtqueue.RingUnderTest.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import org.junit.jupiter.api.Test;

/** What is looked at by a guess is memory that is there; else this process dies. */
class ExpectedChainTest {
  private static final int SIZE = 8;

  private static void offerChain(RingUnderTest ring, int head) {
    ring.descriptor(head, DATA + 64L * head, 16, NEXT, head + 1);
    ring.descriptor(head + 1, DATA + 64L * head + 16, 1, WRITE, 0);
    ring.offer(head);
  }

  private static SplitDeviceQueue queueOf(RingUnderTest ring) {
    return ring.queueOver(ring.memory.map().translation(), 0, 0, SwitchedWrites.UNTRACKED);
  }

  @Test
  void formerMemoryIsNotLookedAtAfterAMove() throws LinuxException {
    try (RingUnderTest elsewhere = new RingUnderTest(SIZE, 0)) {
      SplitDeviceQueue queue;
      DescriptorChain chain;
      try (RingUnderTest former = new RingUnderTest(SIZE, 0)) {
        queue = queueOf(former);
        chain = former.chain;
        offerChain(former, 0);
        assertThat(queue.fetch(chain)).isEqualTo(ChainStatus.FETCHED);
        elsewhere.offer(0); // the index goes on
        queue.relocate(elsewhere.layout(), elsewhere.memory.map().translation());
      }
      offerChain(elsewhere, 2);

      assertThat(queue.fetch(chain)).isEqualTo(ChainStatus.FETCHED);

      assertThat(chain.head()).isEqualTo(2);
    }
  }

  @Test
  void guessesThatLeaveTheTableStayInIt() throws LinuxException {
    try (RingUnderTest ring = new RingUnderTest(SIZE, 0)) {
      SplitDeviceQueue queue = queueOf(ring);
      int[] heads = {0, 6, 0, 5, 2, 6, 1, 0};
      for (int head : heads) {
        offerChain(ring, head);
        assertThat(queue.fetch(ring.chain)).isEqualTo(ChainStatus.FETCHED);
        assertThat(ring.chain.head()).isEqualTo(head);
        queue.complete(head, 0);
      }
    }
  }
}
