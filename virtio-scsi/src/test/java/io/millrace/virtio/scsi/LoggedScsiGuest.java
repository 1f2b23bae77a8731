package io.millrace.virtio.scsi;

import static io.millrace.virtio.scsi.ScsiCdbs.PATIENCE;
import static io.millrace.virtio.scsi.ScsiCdbs.transfer;

import io.millrace.initiator.ScsiRequestQueue;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.initiator.load.LoggedGuest;
import java.util.concurrent.Callable;

/** A guest with a SCSI controller, that is also told of events. */
final class LoggedScsiGuest extends LoggedGuest {
  private static final long LUN = VirtioScsi.lun(0, 0);
  private static final int MOST_BYTES = 300 << 10; // of a command, in parts too
  private static final long CONTROL_BYTES = DEPTH * 192L;
  private static final int GOOD = 0;
  private static final int CHECK_CONDITION = 2;
  private static final int INQUIRY_BYTES = 16;
  private static final int CONTROL_RING = 0;
  private static final int EVENT_RING = 1;

  private final VirtioScsiDriver driver;
  private final ScsiRequestQueue queue;
  private final Callable<Boolean> event;
  private int events;

  /**
   * A guest.
   *
   * @param driver opened with a depth of {@link #DEPTH}, its unit attentions taken
   * @param event has the device tell of one
   */
  LoggedScsiGuest(VirtioScsiDriver driver, long seed, Callable<Boolean> event) throws Exception {
    super(
        driver.queue(0),
        driver.memory(),
        driver.frontend(),
        seed,
        VirtioScsiDriver.SCRATCH_BYTES,
        CONTROL_BYTES);
    this.driver = driver;
    this.queue = driver.queue(0);
    this.event = event;
  }

  @Override
  protected void resumeQueues() throws Exception {
    for (int ring = CONTROL_RING; ring <= EVENT_RING; ring++) {
      noteRing(driver.ring(ring).layout(), 0, 0);
    }
    noteRing(queue.ring().layout(), queue.ring().base(), 0);
    driver.resume();
  }

  @Override
  public void suspend() throws Exception {
    driver.suspend();
  }

  @Override
  protected void unasked() throws Exception {
    if (random.nextInt(4) != 0) {
      return;
    }
    int bytes = VirtioScsiDriver.EVENT_BYTES;
    written(driver.eventBuffers() + events % VirtioScsiDriver.EVENT_BUFFERS * (long) bytes, bytes);
    noteRing(driver.ring(EVENT_RING).layout(), events++, 1);
    event.call();
    driver.nextEvent(PATIENCE);
  }

  @Override
  protected void submitOne() {
    int blocks = 1 + random.nextInt(MOST_BYTES / ScsiHost.BLOCK);
    int bytes = blocks * ScsiHost.BLOCK;
    long address = data + random.nextInt(DATA_BYTES - bytes + 1);
    int lba = random.nextInt(ScsiHost.BLOCKS - blocks);
    switch (random.nextInt(8)) {
      case 0, 1 -> submit(transfer(ScsiCdbs.WRITE, lba, blocks), address, bytes, false, GOOD);
      case 2 -> submit(transfer(0x35, 0, 0), 0, 0, false, GOOD); // SYNCHRONIZE CACHE
      case 3 -> inquiry(address);
      case 4 -> // beyond the end: sense data, and nothing else
          submit(
              transfer(ScsiCdbs.READ, ScsiHost.BLOCKS, blocks),
              address,
              bytes,
              true,
              CHECK_CONDITION);
      default -> {
        int less = bytes - ScsiHost.BLOCK * random.nextInt(blocks); // the rest is a residual
        submit(transfer(ScsiCdbs.READ, lba, less / ScsiHost.BLOCK), address, bytes, true, GOOD);
        written(address, less);
      }
    }
  }

  private void inquiry(long address) {
    byte[] cdb = {0x12, 0, 0, 0, INQUIRY_BYTES, 0};
    submit(cdb, address, 512, true, GOOD);
    written(address, INQUIRY_BYTES);
  }

  private void submit(byte[] cdb, long address, int bytes, boolean in, int expected) {
    int attribute = VirtioScsi.ATTRIBUTE_SIMPLE;
    submit(() -> queue.submit(LUN, 0, attribute, cdb, address, bytes, in, expected));
  }

  @Override
  protected void takeCompletions() {
    queue.poll((expected, response, status, slot, written) -> {
      if (response != VirtioScsi.S_OK || status != expected) {
        throw new AssertionError(
            "response %d, status %d instead of %d".formatted(response, status, expected));
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
