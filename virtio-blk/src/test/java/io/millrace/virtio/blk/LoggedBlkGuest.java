package io.millrace.virtio.blk;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.initiator.load.LoggedGuest;
import java.nio.file.Path;

/** A guest with a block device. */
final class LoggedBlkGuest extends LoggedGuest {
  private static final int MOST_BYTES = 48 << 10; // of a request
  private static final long CONTROL_BYTES = DEPTH * 32L; // header and status
  private static final long SECTORS = BlkTarget.DISK_BYTES / 512;

  private final VirtioBlkDriver driver;
  private final BlkQueue queue;

  LoggedBlkGuest(Path socket, BlkDriverOptions options, long seed) throws Exception {
    this(
        VirtioBlkDriver.open(
            socket, options.withQueues(1, 1024, DEPTH).withMemory(DATA_BYTES + PAGE, true)),
        seed);
  }

  private LoggedBlkGuest(VirtioBlkDriver driver, long seed) throws Exception {
    super(driver.queue(0), driver.memory(), driver.frontend(), seed, 0, CONTROL_BYTES);
    this.driver = driver;
    this.queue = driver.queue(0);
  }

  @Override
  protected void resumeQueues() throws Exception {
    noteRing(queue.ring().layout(), queue.ring().base(), 0);
    driver.frontend().resumeQueue(queue.events(), queue.ring().layout(), queue.ring().base());
  }

  @Override
  public void suspend() throws Exception {
    driver.frontend().stopQueue(0);
  }

  @Override
  protected void unasked() {
    // A block device tells nothing by its queue.
  }

  @Override
  protected void submitOne() {
    int kind = random.nextInt(10);
    int bytes = 512 * (1 + random.nextInt(MOST_BYTES / 512));
    long address = data + random.nextInt(DATA_BYTES - bytes + 1);
    long sector = random.nextLong(SECTORS - MOST_BYTES / 512);
    switch (kind) {
      case 0, 1, 2 -> submit(VirtioBlk.T_OUT, sector, address, bytes);
      case 3 -> submit(VirtioBlk.T_FLUSH, 0, 0, 0);
      case 4 -> {
        submit(VirtioBlk.T_GET_ID, 0, address, 20);
        written(address, 20);
      }
      case 5 -> submit(VirtioBlk.T_IN, SECTORS, address, bytes); // beyond the end
      case 6, 7 -> gather(sector);
      default -> {
        submit(VirtioBlk.T_IN, sector, address, bytes);
        written(address, bytes);
      }
    }
  }

  private void submit(int type, long sector, long address, int bytes) {
    int expected = sector == SECTORS ? VirtioBlk.S_IOERR : VirtioBlk.S_OK;
    submit(() -> queue.submit(type, sector, address, bytes, expected));
  }

  /** A read into pieces of any length. */
  private void gather(long sector) {
    int count = 2 + random.nextInt(4);
    long[] addresses = new long[count];
    int[] lengths = new int[count];
    int left = 512 * (1 + random.nextInt(20));
    for (int i = 0; i < count; i++) {
      int most = left - (count - 1 - i);
      lengths[i] = i == count - 1 ? left : 1 + random.nextInt(most);
      left -= lengths[i];
      addresses[i] = data + random.nextInt(DATA_BYTES - lengths[i] + 1);
      written(addresses[i], lengths[i]);
    }
    submit(() ->
        queue.submitGathered(VirtioBlk.T_IN, sector, addresses, lengths, count, VirtioBlk.S_OK));
  }

  @Override
  protected void takeCompletions() {
    queue.poll((expected, status, bytes) -> {
      if (status != expected) {
        throw new AssertionError("status " + status + " instead of " + expected);
      }
      completed();
    });
  }

  @Override
  public void close() {
    driver.close();
    super.close();
  }
}
