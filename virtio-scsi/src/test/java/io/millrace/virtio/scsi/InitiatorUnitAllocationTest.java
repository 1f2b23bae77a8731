package io.millrace.virtio.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A request to a unit behind somebody's socket allocates nothing in the initiator. */
@Timeout(120)
class InitiatorUnitAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int DEPTH = 32;
  private static final int BATCH = 50_000;
  private static final int MOST_BATCHES = 60;

  private int submitted;
  private int done;
  private int failures;

  @ParameterizedTest
  @EnumSource(names = {"READ", "WRITE", "FLUSH", "UNMAP", "WRITE_ZEROES"})
  void requestsAllocateNothing(IoType type) throws Exception {
    try (ScsiHost host = new ScsiHost(1)) {
      host.malloc("disk");
      host.controller("vm");
      host.add("vm", 0, 0, "disk");
      try (UnitAsBdev unit = new UnitAsBdev(host.socket("vm"), 0, 0)) {
        Again[] all = new Again[DEPTH];
        for (int i = 0; i < DEPTH; i++) {
          all[i] = new Again(unit, type, i);
        }
        long allocated = -1;
        for (int i = 0; i < MOST_BATCHES && allocated != 0; i++) {
          long before = THREADS.getCurrentThreadAllocatedBytes();
          run(unit, all);
          allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        }

        assertThat(allocated).as("bytes for %d requests", BATCH).isZero();
        assertThat(failures).isZero();
      }
    }
  }

  private void run(UnitAsBdev unit, Again[] all) {
    submitted = DEPTH;
    done = 0;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ScsiHost.SECONDS);
    for (Again io : all) {
      io.submit();
    }
    while (done < BATCH) {
      long now = System.nanoTime();
      if (now - deadline > 0) {
        throw new AssertionError("only " + done + " requests in time");
      }
      unit.reactor.runOnce(now);
    }
  }

  /** A request that is submitted again when it is done. */
  private final class Again extends BdevIo {
    private final BdevChannel channel;
    private final IoType type;
    private final int index;
    private final long address;

    Again(UnitAsBdev unit, IoType type, int index) {
      super(1);
      channel = unit.channel;
      this.type = type;
      this.index = index;
      address = unit.memory.address() + index * 4096L;
    }

    void submit() {
      begin(type, type == IoType.FLUSH ? 0 : index * 4096L, type == IoType.FLUSH ? 0 : 4096);
      if (type == IoType.READ || type == IoType.WRITE) {
        addSegment(address, 4096);
      }
      channel.submit(this);
    }

    @Override
    protected void completed(IoStatus status) {
      done++;
      failures += status == IoStatus.SUCCESS ? 0 : 1;
      if (submitted < BATCH) {
        submitted++;
        submit();
      }
    }
  }
}
