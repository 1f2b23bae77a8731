package io.millrace.virtqueue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.linux.LinuxException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** {@link PackedDeviceQueue} before any guest; {@link FuzzedQueue} says what the input is. */
class PackedDeviceQueueFuzzTest {
  private static final int DESCRIPTOR = 16;
  private static final int STATE = 8; // len, id, flags: what a device writes of a descriptor
  private static final int EVENT = 4;

  private static FuzzedQueue queue;

  /** The device writes used descriptors over the driver's, and its event suppression (§2.8). */
  private static final class Packed implements FuzzedQueue.Layout {
    @Override
    public DeviceQueue start(
        VringLayout layout,
        AddressTranslation translation,
        long features,
        QueueState state,
        GuestWrites writes) {
      int index = (state.availIndex() & 0x7fff) % layout.size();
      int position = index | (state.availIndex() & 0x8000);
      return new PackedDeviceQueue(
          layout, translation, features, new QueueState(position, position), writes);
    }

    @Override
    public boolean isDevices(int guest, long bytes, int size) {
      boolean inRing = guest < DESCRIPTOR * size && guest % DESCRIPTOR == STATE && bytes == STATE;
      return inRing || (guest == FuzzedQueue.DEVICE_AREA && bytes == EVENT);
    }

    /** The first of a batch is shown last, so what stands in the ring now says nothing. */
    @Override
    public void checkGivenBack(
        FuzzedMemory memory, int size, int index, int head, long writtenBytes) {
      if (head >= size) {
        throw new AssertionError("an id that no chain of the ring can have");
      }
    }
  }

  @BeforeAll
  static void make() throws LinuxException {
    queue = new FuzzedQueue(new Packed());
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
