package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.initiator.Frontend;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.FrontendQueue;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.VirtioBlk;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.RingMemory;
import io.millrace.virtqueue.VringLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Chains as long as the largest queue: each request of them is refused, and costs no heap. */
@Timeout(60)
class LongChainTest {
  private static final int CHAINS = 32; // one poll's
  private static final long HEADER = 2 << 20;
  private static final long STATUS = HEADER + 16;
  private static final long DATA = HEADER + 4096;

  @Test
  void requestsOfTooManySegmentsAreRefusedAndKeepNoRoomForThem() throws Exception {
    try (BlkTarget target = new BlkTarget(1)) {
      Path socket = target.serveMalloc("disk");
      try (GuestMemory memory = GuestMemory.create(4 << 20);
          Frontend frontend = Frontend.connect(socket, FrontendOptions.defaults())) {
        long at = memory.address();
        RingMemory ring =
            new RingMemory(
                new VringLayout(VringLayout.MAX_SIZE, at, at + (1 << 20), at + (3 << 19)));
        offerChainsOfTheWholeQueue(ring, memory);
        frontend.setFeatures(VirtioBlk.FEATURES);
        frontend.shareMemory(List.of(memory));
        long before = reactorAllocated();

        try (FrontendQueue queue = frontend.startQueue(0, ring.layout(), 0)) {
          BlkTarget.await("all chains of queue " + queue.index(), () -> ring.usedIdx() == CHAINS);

          assertThat(RawMemory.getByte(at + STATUS)).isEqualTo((byte) VirtioBlk.S_IOERR);
          assertThat(reactorAllocated() - before).isLessThan(6 << 20);
        }
      }
    }
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
