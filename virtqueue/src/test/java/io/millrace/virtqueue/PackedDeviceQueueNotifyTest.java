package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static io.millrace.virtqueue.PackedRingUnderTest.in;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who wants to hear of what: the event suppression structures (virtio 1.3 §2.8.10). */
class PackedDeviceQueueNotifyTest {
  private static final int SIZE = 8;
  private static final int ENABLE = 0;
  private static final int DISABLE = 1;
  private static final int DESC = 2;
  private static final int RESERVED = 3;
  private static final long EVENT_IDX = VirtioFeature.EVENT_IDX;

  private static boolean serve(PackedRingUnderTest ring, int chains) {
    for (int i = 0; i < chains; i++) {
      ring.offer(i, in(DATA, 1));
    }
    for (int i = 0; i < chains; i++) {
      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      ring.queue.complete(i, 0);
      if (i % 3 == 1) {
        ring.queue.show(); // which changes nothing but when the driver sees it
      }
    }
    boolean wanted = ring.queue.publish();
    assertThat(ring.used()).hasSize(chains);
    return wanted;
  }

  @ParameterizedTest
  @CsvSource({"0,true", "1,false", "2,true", "3,true", "4,true", "5,false"})
  void withoutEventsOnlyDisableMeansNo(int flags, boolean wanted) throws LinuxException {
    try (PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, 0)) {
      ring.driverEvent(5, 1, flags);

      assertThat(serve(ring, 1)).isEqualTo(wanted);
    }
  }

  @ParameterizedTest
  @CsvSource({"0,true", "1,false", "3,true"})
  void withEventsTheOtherFlagsMeanWhatTheyMean(int flags, boolean wanted) throws LinuxException {
    try (PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, EVENT_IDX)) {
      ring.driverEvent(5, 1, flags);

      assertThat(serve(ring, 1)).isEqualTo(wanted);
    }
  }

  @Test
  void publishingNothingNotifiesNobody() throws LinuxException {
    try (PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, 0)) {
      assertThat(ring.queue.publish()).isFalse();
      assertThat(serve(ring, 1)).isTrue();
      assertThat(ring.queue.publish()).isFalse();
    }
  }

  @Property(tries = 500)
  void aDriverHearsOfItsDescriptorAndOfNoOther(@ForAll long seed) throws LinuxException {
    Random random = new Random(seed);
    int size = 1 + random.nextInt(9);
    int index = random.nextInt(size);
    int wrap = random.nextInt(2);
    try (PackedRingUnderTest ring = new PackedRingUnderTest(size, EVENT_IDX, index, wrap)) {
      int chains = 1 + random.nextInt(size);
      int ahead = random.nextInt(size); // the descriptor that the driver waits for
      int at = index + ahead;
      ring.driverEvent(at % size, at < size ? wrap : wrap ^ 1, DESC);

      assertThat(serve(ring, chains)).isEqualTo(ahead < chains);
    }
  }

  @Test
  void aDescriptorOfAListCountsWhereTheListIsUsed() throws LinuxException {
    try (PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, EVENT_IDX)) {
      ring.driverEvent(2, 1, DESC); // inside of the first list
      ring.offer(0, in(DATA, 1), in(DATA, 1), in(DATA, 1));
      ring.fetch();
      ring.queue.complete(0, 0);

      assertThat(ring.queue.publish()).isTrue();
    }
  }

  @Test
  void aPositionThatIsNoneHurtsNobody() throws LinuxException {
    try (PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, EVENT_IDX)) {
      ring.driverEvent(0x7fff, 1, DESC);
      serve(ring, 1);
      ring.driverEvent(0x7fff, 0, DESC);
      serve(ring, 1);
    }
  }

  @Test
  void whilePolledNoKickIsAskedFor() throws LinuxException {
    try (PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, EVENT_IDX)) {
      assertThat(ring.deviceEventFlags()).isEqualTo(DISABLE);
    }
  }

  @Test
  void withoutEventsTheDeviceAsksForAnyKick() throws LinuxException {
    try (PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, 0)) {
      assertThat(ring.queue.enableNotifications()).isTrue();
      assertThat(ring.deviceEventFlags()).isEqualTo(ENABLE);

      ring.queue.disableNotifications();
      assertThat(ring.deviceEventFlags()).isEqualTo(DISABLE);
    }
  }

  @ParameterizedTest
  @CsvSource({"0,1", "7,1", "7,0", "3,0"})
  void withEventsTheDeviceAsksForTheNextDescriptor(int index, int wrap) throws LinuxException {
    try (PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, EVENT_IDX, index, wrap)) {
      assertThat(ring.queue.enableNotifications()).isTrue();
      assertThat(ring.deviceEventFlags()).isEqualTo(DESC);
      assertThat(ring.deviceEventPosition()).isEqualTo(index | wrap << 15);
      ring.queue.disableNotifications();
      serve(ring, 3);

      assertThat(ring.queue.enableNotifications()).isTrue();
      assertThat(ring.deviceEventPosition()).isEqualTo(ring.availIndex | ring.availWrap << 15);
    }
  }

  @Test
  void kicksAreNotAskedForOverAChainThatIsThere() throws LinuxException {
    try (PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, EVENT_IDX)) {
      ring.offer(0, in(DATA, 1));

      assertThat(ring.queue.enableNotifications()).isFalse();
      assertThat(ring.deviceEventFlags()).isEqualTo(DISABLE);
    }
  }

  @Test
  void theReservedFlagIsNeverStored() throws LinuxException {
    try (PackedRingUnderTest ring = new PackedRingUnderTest(SIZE, EVENT_IDX)) {
      ring.queue.enableNotifications();
      assertThat(ring.deviceEventFlags()).isNotEqualTo(RESERVED);
    }
  }
}
