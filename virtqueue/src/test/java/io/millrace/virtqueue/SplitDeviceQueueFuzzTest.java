package io.millrace.virtqueue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Any bytes as a guest's memory. Input: features (bit 0 INDIRECT, bit 1 EVENT_IDX), size as a power
 * of two, start index (2 bytes, little endian), then the memory from address 0 on: the descriptor
 * table at 0, the avail ring at 0x400, the used ring at 0x600. Two regions of 4 KiB, neighbours for
 * the guest only; what the input leaves is zero.
 */
class SplitDeviceQueueFuzzTest {
  private static final int HEADER = 4;
  private static final int REGION = 4096;
  private static final int LARGEST_LOG2 = 6;

  private static Mapping low;
  private static Mapping high;

  @BeforeAll
  static void map() throws LinuxException {
    low = Mapping.anonymous(REGION, false);
    Mapping.anonymous(REGION, false); // so that no two regions are neighbours here
    high = Mapping.anonymous(REGION, false);
  }

  @AfterAll
  static void unmap() {
    low.close();
    high.close();
  }

  @FuzzTest
  void everyMemoryIsSurvived(byte[] input) {
    if (input.length < HEADER) {
      return;
    }
    load(input);
    long features =
        ((input[0] & 1) != 0 ? VirtioFeature.INDIRECT_DESC : 0)
            | ((input[0] & 2) != 0 ? VirtioFeature.EVENT_IDX : 0);
    int size = 1 << (input[1] & 0xff) % (LARGEST_LOG2 + 1);
    int start = (input[2] & 0xff) | (input[3] & 0xff) << 8;
    long base = low.address();
    GuestMemoryMap map =
        new GuestMemoryMap(
            List.of(
                new GuestRegion(0, REGION, 0, base),
                new GuestRegion(REGION, REGION, REGION, high.address())));
    SplitDeviceQueue queue =
        new SplitDeviceQueue(
            new VringLayout(size, base, base + 0x400, base + 0x600),
            map.translation(),
            features,
            new QueueState(start, start),
            SplitDeviceQueueFuzzTest::isInside);

    fetchAll(queue, size);
  }

  private static void load(byte[] input) {
    RawMemory.fill(low.address(), REGION, (byte) 0);
    RawMemory.fill(high.address(), REGION, (byte) 0);
    int bytes = Math.min(input.length - HEADER, 2 * REGION);
    int first = Math.min(bytes, REGION);
    RawMemory.put(input, HEADER, first, low.address());
    RawMemory.put(input, HEADER + first, bytes - first, high.address());
  }

  private static void fetchAll(SplitDeviceQueue queue, int size) {
    DescriptorChain chain = new DescriptorChain();
    for (int fetched = 0; ; fetched++) {
      ChainStatus status = queue.fetch(chain);
      if (status == ChainStatus.EMPTY || status == ChainStatus.BROKEN_RING) {
        return;
      }
      check(fetched < size, "more chains than descriptors");
      check(status != ChainStatus.WAIT, "waits for nothing");
      check(chain.count() <= 2 * (size + 1024), "more segments than descriptors allow");
      long bytes = 0;
      for (int i = 0; i < chain.count(); i++) {
        isInside(chain.address(i), chain.bytes(i));
        bytes += chain.bytes(i);
      }
      check(bytes == chain.readableBytes() + chain.writableBytes(), "bytes do not add up");
      check(chain.head() < size, "no such head");
      queue.complete(chain.head(), chain.writableBytes());
      queue.publish();
    }
  }

  private static void isInside(long host, long bytes) {
    long lowOffset = host - low.address();
    long highOffset = host - high.address();
    check(
        bytes > 0
            && ((lowOffset >= 0 && lowOffset <= REGION - bytes)
                || (highOffset >= 0 && highOffset <= REGION - bytes)),
        "memory the guest did not share");
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }
}
