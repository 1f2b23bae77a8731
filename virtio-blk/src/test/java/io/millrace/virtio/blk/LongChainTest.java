package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.initiator.Frontend;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.FrontendQueue;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.VirtioBlk;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.RingMemory;
import io.millrace.virtqueue.VringLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Chains longer than any driver's: each request of them is refused, and costs no heap. */
@Timeout(60)
class LongChainTest {
  private static final int CHAINS = 32; // one poll's
  private static final long HEADER = 2 << 20;
  private static final long STATUS = HEADER + 16;
  private static final long DATA = HEADER + 4096;

  /** Lays chains out and offers them. */
  private interface Guest {
    void offer(RingMemory ring, GuestMemory memory);
  }

  @Test
  void requestsOfTooManySegmentsAreRefusedAndKeepNoRoomForThem() throws Exception {
    areRefused(LongChainTest::offerChainsOfTheWholeQueue, CHAINS);
  }

  @Test
  void aLongBufferBehindMoreReadableOnesThanAreNotedIsNotBelievedIn() throws Exception {
    areRefused(LongChainTest::offerHiddenBuffer, 2);
  }

  private static void areRefused(Guest guest, int chains) throws Exception {
    try (BlkTarget target = new BlkTarget(1)) {
      Path socket = target.serveMalloc("disk");
      try (GuestMemory memory = GuestMemory.create(16 << 20);
          Frontend frontend = Frontend.connect(socket, FrontendOptions.defaults())) {
        long at = memory.address();
        RingMemory ring =
            new RingMemory(
                new VringLayout(VringLayout.MAX_SIZE, at, at + (1 << 20), at + (3 << 19)));
        guest.offer(ring, memory);
        frontend.setFeatures(VirtioBlk.FEATURES);
        frontend.shareMemory(List.of(memory));
        long before = reactorAllocated();

        try (FrontendQueue queue = frontend.startQueue(0, ring.layout(), 0)) {
          BlkTarget.await("all chains of queue " + queue.index(), () -> ring.usedIdx() == chains);

          assertThat(RawMemory.getByte(at + STATUS)).isEqualTo((byte) VirtioBlk.S_IOERR);
          assertThat(ring.usedBytes(chains - 1)).isEqualTo(1);
          assertThat(reactorAllocated() - before).isLessThan(6 << 20);
        }
      }
    }
  }

  /** Of such a chain the last buffer but one is not noted, and its bytes count: 4 MiB of a read. */
  private static void offerHiddenBuffer(RingMemory ring, GuestMemory memory) {
    int readable = DescriptorChain.MAX_SEGMENTS - 2;
    long data = memory.guest(memory.address() + DATA);
    ring.descriptor(
        0, memory.guest(memory.address() + HEADER), 16, RingMemory.NEXT, 1); // type IN, sector 0
    for (int i = 1; i < readable; i++) {
      ring.descriptor(i, data, 1, RingMemory.NEXT, i + 1);
    }
    int hidden = readable + 1;
    ring.descriptor(readable, data, 512, RingMemory.NEXT | RingMemory.WRITE, hidden);
    ring.descriptor(hidden, data, 4 << 20, RingMemory.NEXT | RingMemory.WRITE, hidden + 1);
    ring.descriptor(hidden + 1, memory.guest(memory.address() + STATUS), 1, RingMemory.WRITE, 0);
    ring.avail(0, 0);
    ring.avail(1, 0);
    ring.availIdx(2);
  }

  private static void offerChainsOfTheWholeQueue(RingMemory ring, GuestMemory memory) {
    int last = VringLayout.MAX_SIZE - 1;
    ring.descriptor(0, memory.guest(memory.address() + HEADER), 16, RingMemory.NEXT, 1);
    long data = memory.guest(memory.address() + DATA);
    for (int i = 1; i < last; i++) {
      ring.descriptor(i, data, 1, RingMemory.NEXT | RingMemory.WRITE, i + 1);
    }
    ring.descriptor(last, memory.guest(memory.address() + STATUS), 1, RingMemory.WRITE, 0);
    for (int i = 0; i < CHAINS; i++) {
      ring.avail(i, 0);
    }
    ring.availIdx(CHAINS);
  }

  private static long reactorAllocated() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("reactor-0"))
        .mapToLong(thread -> threads.getThreadAllocatedBytes(thread.threadId()))
        .sum();
  }
}
