package io.millrace.virtio.scsi;

import static io.millrace.virtio.scsi.ScsiCdbs.settle;
import static io.millrace.virtio.scsi.ScsiCdbs.transfer;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.ScsiRequestQueue;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.linux.EventFd;
import io.millrace.linux.RawMemory;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.DriverRing;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests whose descriptors end anywhere (virtio 1.3 §2.7.4.2), and such as cannot be. */
@Timeout(60)
class FramingTest {
  private static final int HEADER_BYTES = 51;
  private static final int RESPONSE_BYTES = 108;
  private static final int BLOCKS = 3;
  private static final int DATA_BYTES = BLOCKS * ScsiHost.BLOCK;
  private static final int MOST_PIECES = 12; // of either half: the ring has 128 descriptors
  private static final int ROUNDS = 200;
  private static final int RESPONSE_AT = 11;

  private VirtioScsiDriver driver;
  private ScsiRequestQueue queue;
  private long memory;

  /** One request by hand; its readable half at {@code memory}, the writable one a page on. */
  private long run(byte[] cdb, int readable, int writable, Random random) throws Exception {
    return run(cdb, cuts(readable, random), cuts(writable, random));
  }

  private long run(byte[] cdb, int[] out, int[] in) throws Exception {
    RawMemory.putLong(memory, Long.reverseBytes(VirtioScsi.lun(0, 0)));
    RawMemory.putLong(memory + 8, 0);
    RawMemory.fill(memory + 16, 35, (byte) 0);
    RawMemory.put(cdb, 0, cdb.length, memory + 19);
    RawMemory.fill(memory + 4096, 4096, (byte) 0xee);
    DriverRing ring = queue.ring();
    int chain = ring.begin(out.length + in.length);
    add(ring, memory, out, false);
    add(ring, memory + 4096, in, true);
    ring.offer(chain);
    if (ring.publish()) {
      EventFd.signal(queue.events().kick().number());
    }
    long[] written = {-1};
    long deadline = System.nanoTime() + ScsiCdbs.PATIENCE.toNanos();
    while (written[0] < 0) {
      ring.reap((head, bytes) -> written[0] = bytes, 1);
      assertThat(System.nanoTime()).as("not done in time").isLessThan(deadline);
      queue.sleep(20);
    }
    ring.free(chain);
    return written[0];
  }

  /** Lengths of pieces that are so long together. */
  private static int[] cuts(int bytes, Random random) {
    int pieces = Math.clamp(1 + random.nextInt(MOST_PIECES), 1, Math.max(1, bytes));
    int[] lengths = new int[bytes == 0 ? 0 : pieces];
    int left = bytes;
    for (int i = 0; i < lengths.length; i++) {
      int rest = lengths.length - 1 - i;
      lengths[i] = rest == 0 ? left : 1 + random.nextInt(left - rest);
      left -= lengths[i];
    }
    return lengths;
  }

  private void add(DriverRing ring, long address, int[] lengths, boolean writable) {
    long at = driver.memory().guest(address);
    for (int length : lengths) {
      ring.add(at, length, writable);
      at += length;
    }
  }

  private VirtioScsiDriver open(Path socket) throws Exception {
    return open(socket, ScsiDriverOptions.defaults());
  }

  private VirtioScsiDriver open(Path socket, ScsiDriverOptions options) throws Exception {
    VirtioScsiDriver opened = VirtioScsiDriver.open(socket, options);
    queue = opened.queue(0);
    memory = opened.memory().allocate(8192, 4096);
    settle(opened, VirtioScsi.lun(0, 0));
    return opened;
  }

  @Test
  void descriptorsMayEndAnywhere() throws Exception {
    Random random = new Random(5);
    byte[] data = new byte[DATA_BYTES];
    try (ScsiHost host = new ScsiHost(1)) {
      Path socket = host.controller("vm");
      host.malloc("disk");
      host.add("vm", 0, 0, "disk");
      try (VirtioScsiDriver opened = open(socket)) {
        driver = opened;
        for (int i = 0; i < ROUNDS; i++) {
          random.nextBytes(data);
          RawMemory.put(data, 0, DATA_BYTES, memory + HEADER_BYTES);
          long wrote =
              run(
                  transfer(ScsiCdbs.WRITE, i, BLOCKS),
                  HEADER_BYTES + DATA_BYTES,
                  RESPONSE_BYTES,
                  random);
          assertThat(wrote).isEqualTo(RESPONSE_BYTES);
          assertThat(RawMemory.getInt(memory + 4096 + 8)).as("status and response").isZero();

          long read =
              run(
                  transfer(ScsiCdbs.READ, i, BLOCKS),
                  HEADER_BYTES,
                  RESPONSE_BYTES + DATA_BYTES,
                  random);
          byte[] back = new byte[DATA_BYTES];
          RawMemory.get(memory + 4096 + RESPONSE_BYTES, back, 0, DATA_BYTES);
          assertThat(read).isEqualTo(RESPONSE_BYTES + DATA_BYTES);
          assertThat(back).isEqualTo(data);

          byte[] inquiry = {0x12, 0, 0, 0, 96, 0};
          long told = run(inquiry, HEADER_BYTES, RESPONSE_BYTES + 96, random);
          byte[] answer = new byte[96];
          RawMemory.get(memory + 4096 + RESPONSE_BYTES, answer, 0, 96);
          assertThat(told).isEqualTo(RESPONSE_BYTES + 96);
          assertThat(new String(answer, 8, 8, StandardCharsets.US_ASCII)).isEqualTo("MILLRACE");
        }
      }
    }
  }

  @Test
  void whatIsTooShortGoesBackWithNothingWritten() throws Exception {
    Random random = new Random(6);
    try (ScsiHost host = new ScsiHost(1)) {
      Path socket = host.controller("vm");
      host.malloc("disk");
      host.add("vm", 0, 0, "disk");
      try (VirtioScsiDriver opened = open(socket)) {
        driver = opened;
        byte[] ready = ScsiCdbs.TEST_UNIT_READY;
        assertThat(run(ready, HEADER_BYTES - 1, RESPONSE_BYTES, random)).isZero();
        assertThat(run(ready, HEADER_BYTES, RESPONSE_BYTES - 1, random)).isZero();
        assertThat(run(ready, HEADER_BYTES, 0, random)).isZero();
        assertThat(RawMemory.getByte(memory + 4096 + RESPONSE_AT)).isEqualTo((byte) 0xee);

        assertThat(run(ready, HEADER_BYTES, RESPONSE_BYTES, random)).isEqualTo(RESPONSE_BYTES);
      }
    }
  }

  @Test
  void aChainOfMoreSegmentsThanAreNotedGoesBackWithNothingWritten() throws Exception {
    int[] out = new int[DescriptorChain.MAX_SEGMENTS - 1];
    Arrays.fill(out, 1);
    out[0] = HEADER_BYTES;
    try (ScsiHost host = new ScsiHost(1)) {
      Path socket = host.controller("vm");
      host.malloc("disk");
      host.add("vm", 0, 0, "disk");
      try (VirtioScsiDriver opened =
          open(socket, ScsiDriverOptions.defaults().withQueues(1, 4096, 1))) {
        driver = opened;
        byte[] ready = ScsiCdbs.TEST_UNIT_READY;
        assertThat(run(ready, out, new int[] {60, 60, 50})).as("only the last is noted").isZero();
        assertThat(run(ready, out, new int[] {RESPONSE_BYTES, 60, 50})).isZero();
        byte[] inquiry = {0x12, 0, 0, 0, 96, 0};
        assertThat(run(inquiry, out, new int[] {60, 60, 500})).isZero();

        assertThat(run(ready, new int[] {HEADER_BYTES}, new int[] {RESPONSE_BYTES}))
            .isEqualTo(RESPONSE_BYTES);
      }
    }
  }
}
