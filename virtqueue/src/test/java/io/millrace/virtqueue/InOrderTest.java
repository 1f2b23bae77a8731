package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** VIRTIO_F_IN_ORDER, on both sides of both formats (virtio 1.3 §2.7.9, §2.8.9). */
class InOrderTest {
  private static final int SIZE = 8;

  private static long features(RingFormat format) {
    return VirtioFeature.IN_ORDER | (format == RingFormat.PACKED ? VirtioFeature.RING_PACKED : 0);
  }

  /** Both sides over the same memory. */
  private static final class Pair implements AutoCloseable {
    final Mapping memory;
    final DriverRing driver;
    final DeviceQueue device;
    final DescriptorChain chain = new DescriptorChain();
    final List<String> back = new ArrayList<>();

    Pair(RingFormat format, long deviceFeatures) throws LinuxException {
      memory = Mapping.anonymous(1 << 16, false);
      VringLayout layout = VringLayout.at(memory.address(), format, SIZE);
      driver = DriverRing.open(layout, features(format), IndirectTables.NONE);
      GuestRegion region = new GuestRegion(DATA, 1 << 16, 0, memory.address());
      device =
          DeviceQueue.open(
              layout,
              new GuestMemoryMap(List.of(region)).translation(),
              deviceFeatures,
              format.firstBase(),
              SwitchedWrites.UNTRACKED);
    }

    int offer(int bytes) {
      int head = driver.begin(1);
      driver.add(DATA, bytes, true);
      driver.offer(head);
      return head;
    }

    void reap() {
      driver.reap(
          (head, bytes) -> {
            back.add(head + ":" + bytes);
            driver.free(head);
          },
          SIZE);
    }

    @Override
    public void close() {
      memory.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsDoneEarlyWaitsForWhatCameBefore(RingFormat format) throws LinuxException {
    try (Pair pair = new Pair(format, features(format))) {
      int first = pair.offer(1);
      int second = pair.offer(2);
      int third = pair.offer(3);
      pair.driver.publish();
      pair.driver.enableCalls();
      for (int i = 0; i < 3; i++) {
        assertThat(pair.device.fetch(pair.chain)).isEqualTo(ChainStatus.FETCHED);
      }

      pair.device.complete(second, 2);
      assertThat(pair.device.publish()).isFalse();
      pair.reap();
      assertThat(pair.back).isEmpty();

      pair.device.complete(first, 1);
      assertThat(pair.device.publish()).isTrue();
      pair.reap();
      assertThat(pair.back).containsExactly(first + ":1", second + ":2");

      pair.device.complete(third, 3);
      pair.device.publish();
      pair.reap();
      assertThat(pair.back).containsExactly(first + ":1", second + ":2", third + ":3");
    }
  }

  @Property(tries = 100)
  void anyOrderOfCompletionComesOutInOrder(@ForAll long seed) throws LinuxException {
    Random random = new Random(seed);
    RingFormat format = random.nextBoolean() ? RingFormat.SPLIT : RingFormat.PACKED;
    try (Pair pair = new Pair(format, features(format))) {
      List<Integer> out = new ArrayList<>();
      List<String> expected = new ArrayList<>();
      for (int step = 0; step < 200; step++) {
        if (pair.driver.freeCount() > 0 && random.nextInt(3) > 0) {
          int bytes = 1 + random.nextInt(100);
          int head = pair.offer(bytes);
          pair.driver.publish();
          assertThat(pair.device.fetch(pair.chain)).isEqualTo(ChainStatus.FETCHED);
          out.add(head);
          expected.add(head + ":" + bytes);
        } else if (!out.isEmpty()) {
          int head = out.remove(/* index */ random.nextInt(out.size()));
          String mine =
              expected.stream().filter(e -> e.startsWith(head + ":")).reduce((a, b) -> b).get();
          pair.device.complete(head, Long.parseLong(mine.substring(mine.indexOf(':') + 1)));
          pair.device.publish();
          pair.reap();
        }
      }
      while (!out.isEmpty()) {
        int head = out.removeFirst();
        String mine =
            expected.stream().filter(e -> e.startsWith(head + ":")).reduce((a, b) -> b).get();
        pair.device.complete(head, Long.parseLong(mine.substring(mine.indexOf(':') + 1)));
      }
      pair.device.publish();
      pair.reap();

      assertThat(pair.back).isEqualTo(expected);
    }
  }

  @Test
  void aSplitDriverTakesABatchByItsLastChain() throws LinuxException {
    try (Pair pair = new Pair(RingFormat.SPLIT, 0)) {
      int first = pair.offer(11);
      int second = pair.offer(22);
      int third = pair.offer(33);
      pair.driver.publish();
      long used = pair.driver.layout().used();
      // One entry, at the place of the first, for two chains; the index goes on by two.
      RawMemory.putLong(used + 4, second | 5L << 32);
      RawMemory.putShortRelease(used + 2, (short) 2);
      pair.reap();
      assertThat(pair.back).containsExactly(first + ":11", second + ":5");

      RawMemory.putLong(used + 4 + 2 * 8, third | 6L << 32);
      RawMemory.putShortRelease(used + 2, (short) 3);
      pair.reap();
      assertThat(pair.back).containsExactly(first + ":11", second + ":5", third + ":6");
    }
  }

  @Test
  void aPackedDriverTakesABatchByItsLastChain() throws LinuxException {
    try (Pair pair = new Pair(RingFormat.PACKED, VirtioFeature.RING_PACKED)) {
      int first = pair.offer(11);
      int second = pair.offer(22);
      int third = pair.offer(33);
      pair.driver.publish();
      long ring = pair.memory.address();
      RawMemory.putLongRelease(ring + 8, 5L | (long) second << 32 | 0x8082L << 48);
      pair.reap();
      assertThat(pair.back).containsExactly(first + ":11", second + ":5");

      RawMemory.putLongRelease(ring + 2 * 16 + 8, 6L | (long) third << 32 | 0x8082L << 48);
      pair.reap();
      assertThat(pair.back).containsExactly(first + ":11", second + ":5", third + ":6");
    }
  }

  @ParameterizedTest
  @EnumSource
  void everythingElseIsTheQueuesOwn(RingFormat format) throws LinuxException {
    try (Pair pair = new Pair(format, features(format))) {
      assertThat(pair.device.size()).isEqualTo(SIZE);
      assertThat(format.base(pair.device.state())).isEqualTo(format.firstBase());
      assertThat(pair.device.fetch(pair.chain)).isEqualTo(ChainStatus.EMPTY);
      assertThat(pair.device.enableNotifications()).isTrue();
      pair.offer(1);
      assertThat(pair.driver.publish()).as("a kick is wanted").isTrue();
      pair.device.disableNotifications();
      pair.offer(1);
      assertThat(pair.driver.publish()).as("a kick is wanted").isFalse();
      assertThat(pair.device.enableNotifications()).isFalse();

      pair.device.relocate(pair.driver.layout(), GuestMemoryMap.EMPTY.translation());
      assertThat(pair.device.fetch(pair.chain)).isEqualTo(ChainStatus.BAD_ADDRESS);
      pair.device.complete(pair.chain.head(), 0);
      pair.device.publish();
      pair.reap();
      assertThat(pair.back).containsExactly(pair.chain.head() + ":0");
    }
  }

  @Test
  void aHeadThatADriverWronglyOfferedTwiceComesBackTwice() throws LinuxException {
    try (RingUnderTest ring = new RingUnderTest(SIZE, 0)) {
      DeviceQueue queue =
          new InOrderQueue(
              ring.queueOver(ring.memory.map().translation(), 0, 0, SwitchedWrites.UNTRACKED));
      ring.descriptor(1, DATA, 1, 0, 0);
      ring.offer(1);
      ring.offer(1);
      queue.fetch(ring.chain);
      queue.fetch(ring.chain);

      queue.complete(1, 0);
      queue.publish();
      assertThat(ring.used()).hasSize(1);
      queue.complete(1, 0);
      queue.publish();
      assertThat(ring.used()).hasSize(1);
    }
  }
}
