package io.millrace.virtio.scsi;

import static io.millrace.virtio.scsi.ScsiCdbs.transfer;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.ScsiRequestQueue;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.initiator.load.SlotLoad;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;

/**
 * A load on a logical unit that survives its back-ends. A command that ends with the unit attention
 * of a new nexus was not done, and is sent once more, as a driver does it.
 */
final class SurvivingLoad extends SlotLoad {
  private static final long LUN = VirtioScsi.lun(0, 0);
  private static final int CHECK_CONDITION = 2;
  private static final int SYNCHRONIZE_CACHE = 0x35;
  private static final int UNMAP = 0x42;
  private static final int UNMAP_BYTES = 24;

  final VirtioScsiDriver driver;
  private final ScsiRequestQueue queue;
  private final byte[] list = new byte[UNMAP_BYTES];
  private int attentions;

  SurvivingLoad(Path socket, long features, long seed) throws Exception {
    this(VirtioScsiDriver.open(socket, options(features)), seed);
  }

  private SurvivingLoad(VirtioScsiDriver driver, long seed) {
    super(driver.queue(0), driver.memory(), seed, false);
    this.driver = driver;
    this.queue = driver.queue(0);
    begin();
  }

  private static ScsiDriverOptions options(long features) {
    return ScsiDriverOptions.defaults()
        .withFrontend(
            FrontendOptions.defaults()
                .withConnectWithin(Duration.ofSeconds(20))
                .withFeatures(VirtioFeature.VERSION_1 | 1L << 30 | features))
        .withQueues(1, 128, DEPTH);
  }

  /** Unit attentions so far, one for each nexus. */
  int attentions() {
    return attentions;
  }

  @Override
  protected Kind choose(int die) {
    return switch (die) {
      case 0 -> Kind.FLUSH;
      case 1 -> Kind.UNMAP;
      case 2, 3, 4, 5 -> Kind.SWAP;
      default -> die % 2 == 0 ? Kind.READ : Kind.WRITE;
    };
  }

  @Override
  protected boolean submit(Kind what, long offset, long address, int bytes, int slot) {
    int lba = (int) (offset / ScsiHost.BLOCK);
    int count = bytes / ScsiHost.BLOCK;
    return switch (what) {
      case READ -> send(transfer(ScsiCdbs.READ, lba, count), address, bytes, true, slot);
      case WRITE -> send(transfer(ScsiCdbs.WRITE, lba, count), address, bytes, false, slot);
      case FLUSH -> send(transfer(SYNCHRONIZE_CACHE, 0, 0), address, 0, false, slot);
      case SWAP -> send(ScsiCdbs.compareAndWrite(lba, count), address, 2 * bytes, false, slot);
      case UNMAP -> {
        list[1] = UNMAP_BYTES - 2;
        list[3] = UNMAP_BYTES - 8;
        ScsiCdbs.put32(list, 12, lba);
        ScsiCdbs.put32(list, 16, count);
        RawMemory.put(list, 0, UNMAP_BYTES, address);
        yield send(transfer(UNMAP, 0, UNMAP_BYTES), address, UNMAP_BYTES, false, slot);
      }
    };
  }

  private boolean send(byte[] cdb, long address, int bytes, boolean in, int slot) {
    int attribute = VirtioScsi.ATTRIBUTE_SIMPLE;
    return queue.submit(LUN, slot, attribute, cdb, address, bytes, in, slot);
  }

  @Override
  protected void takeCompletions() {
    queue.poll((token, response, status, place, written) -> {
      int slot = (int) token;
      if (response == VirtioScsi.S_OK && status == 0) {
        completed(slot);
      } else if (response == VirtioScsi.S_OK && isAttention(status, queue.sense(place))) {
        attentions++;
        again(slot);
      } else {
        String sense = HexFormat.of().formatHex(queue.sense(place));
        throw failed(
            slot, "response %d, status %d, sense data %s".formatted(response, status, sense));
      }
    });
  }

  /** POWER ON, RESET, OR BUS DEVICE RESET OCCURRED, or what is more exact of it. */
  private static boolean isAttention(int status, byte[] sense) {
    return status == CHECK_CONDITION && sense.length > 12 && sense[2] == 6 && sense[12] == 0x29;
  }

  @Override
  public void close() {
    driver.close();
  }
}
