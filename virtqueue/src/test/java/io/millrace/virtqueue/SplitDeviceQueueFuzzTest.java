package io.millrace.virtqueue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.linux.LinuxException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** {@link SplitDeviceQueue} before any guest; {@link FuzzedQueue} says what the input is. */
class SplitDeviceQueueFuzzTest {
  private static final int USED_RING = FuzzedQueue.DEVICE_AREA + 4;
  private static final int ELEMENT = 8; // id, len

  private static FuzzedQueue queue;

  /** The used ring is the device's (virtio 1.3 §2.7.8), avail_event behind it too. */
  private static final class Split implements FuzzedQueue.Layout {
    @Override
    public DeviceQueue start(
        VringLayout layout,
        AddressTranslation translation,
        long features,
        QueueState state,
        GuestWrites writes) {
      return new SplitDeviceQueue(layout, translation, features, state, writes);
    }

    @Override
    public boolean isDevices(int guest, long bytes, int size) {
      int end = USED_RING + ELEMENT * size + 2;
      return guest >= FuzzedQueue.DEVICE_AREA && guest + bytes <= end;
    }

    @Override
    public void checkGivenBack(
        FuzzedMemory memory, int size, int index, int head, long writtenBytes) {
      if (head >= size) {
        throw new AssertionError("a head that is no descriptor of the ring");
      }
      int element = USED_RING + ELEMENT * (index & size - 1);
      if (memory.getInt(element) != head || memory.getInt(element + 4) != (int) writtenBytes) {
        throw new AssertionError("used element " + index + " is not what was given back");
      }
    }
  }

  @BeforeAll
  static void make() throws LinuxException {
    queue = new FuzzedQueue(new Split());
  }

  @AfterAll
  static void close() {
    queue.close();
  }

  @FuzzTest
  void everyGuestIsSurvived(byte[] input) {
    queue.play(input);
  }
}
