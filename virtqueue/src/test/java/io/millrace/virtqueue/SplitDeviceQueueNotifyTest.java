package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static io.millrace.virtqueue.RingUnderTest.used;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Who wants to hear of what: flags and events, both ways (virtio 1.3 §2.7.7 and §2.7.10). */
class SplitDeviceQueueNotifyTest {
  private static final int SIZE = 8;
  private static final int NO_INTERRUPT = 1;
  private static final int NO_NOTIFY = 1;
  private static final long EVENT_IDX = VirtioFeature.EVENT_IDX;

  private static RingUnderTest ring(long features, int startIdx) throws LinuxException {
    RingUnderTest ring = new RingUnderTest(SIZE, features, startIdx);
    for (int i = 0; i < SIZE; i++) {
      ring.descriptor(i, DATA, 1, 0, 0);
    }
    return ring;
  }

  private static void serve(RingUnderTest ring, int count) {
    for (int i = 0; i < count; i++) {
      ring.offer(i);
      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      ring.queue.complete(i, i);
    }
  }

  @Test
  void whatIsCompletedIsSeenAtPublishAndNotBefore() throws LinuxException {
    try (RingUnderTest ring = ring(0, 0)) {
      serve(ring, 3);
      assertThat(ring.used()).isEmpty();

      assertThat(ring.queue.publish()).isTrue();

      assertThat(ring.used()).containsExactly(used(0, 0), used(1, 1), used(2, 2));
    }
  }

  @Test
  void whatIsShownIsSeenAtOnceAndHeardOfAtTheNextPublish() throws LinuxException {
    for (long events : new long[] {0, EVENT_IDX}) {
      try (RingUnderTest ring = ring(events, 0)) {
        ring.usedEvent(0); // the first entry
        serve(ring, 1);
        ring.queue.show();
        assertThat(ring.used()).containsExactly(used(0, 0));

        serve(ring, 1);
        ring.queue.show();
        ring.queue.show();

        assertThat(ring.queue.publish()).isTrue();
        assertThat(ring.queue.publish()).isFalse();
      }
    }
  }

  @Test
  void publishingNothingNotifiesNobody() throws LinuxException {
    try (RingUnderTest ring = ring(0, 0)) {
      assertThat(ring.queue.publish()).isFalse();

      serve(ring, 1);
      assertThat(ring.queue.publish()).isTrue();
      assertThat(ring.queue.publish()).isFalse();
    }
  }

  @Test
  void aDriverThatWantsNoInterruptGetsNone() throws LinuxException {
    try (RingUnderTest ring = ring(0, 0)) {
      ring.availFlags(NO_INTERRUPT);
      serve(ring, 1);
      assertThat(ring.queue.publish()).isFalse();

      ring.availFlags(0);
      serve(ring, 1);
      assertThat(ring.queue.publish()).isTrue();
    }
  }

  @Test
  void withNotifyOnEmptyTheLastChainIsAlwaysHeardOf() throws LinuxException {
    for (long events : new long[] {0, EVENT_IDX}) {
      try (RingUnderTest ring = ring(VirtioFeature.NOTIFY_ON_EMPTY | events, 0)) {
        ring.availFlags(NO_INTERRUPT);
        ring.usedEvent(0x4000);
        ring.offer(0);
        ring.offer(1);
        ring.fetch();
        ring.queue.complete(0, 0);
        assertThat(ring.queue.publish()).as("one is not fetched").isFalse();
        ring.fetch();
        ring.offer(2);
        ring.fetch();
        ring.queue.complete(1, 0);
        assertThat(ring.queue.publish()).as("one is out").isFalse();

        ring.queue.complete(2, 0);
        assertThat(ring.queue.publish()).as("none is left").isTrue();
      }
    }
  }

  @Test
  void withEventsTheFlagMeansNothing() throws LinuxException {
    try (RingUnderTest ring = ring(EVENT_IDX, 0)) {
      ring.availFlags(NO_INTERRUPT);
      ring.usedEvent(0);
      serve(ring, 1);

      assertThat(ring.queue.publish()).isTrue();
    }
  }

  @Test
  void aBatchThatReachesTheEventNotifiesOnce() throws LinuxException {
    try (RingUnderTest ring = ring(EVENT_IDX, 0xfffe)) {
      ring.usedEvent(0); // the third entry from here
      serve(ring, 2);
      assertThat(ring.queue.publish()).isFalse();

      serve(ring, 1);
      assertThat(ring.queue.publish()).isTrue();

      serve(ring, 5);
      assertThat(ring.queue.publish()).isFalse();
    }
  }

  /** Every entry from old up to now was just published: is the one waited for among them? */
  private static boolean passes(int event, int old, int count) {
    for (int i = 0; i < count; i++) {
      if (((old + i) & 0xffff) == event) {
        return true;
      }
    }
    return false;
  }

  @Property(tries = 2000)
  void needEventIsWhetherTheEventIsAmongThePublished(
      @ForAll @IntRange(max = 0xffff) int old,
      @ForAll @IntRange(min = 1, max = 32768) int count,
      @ForAll @IntRange(min = -3, max = 32771) int distance) {
    int event = (old + distance) & 0xffff;

    assertThat(SplitDeviceQueue.needEvent(event, (old + count) & 0xffff, old))
        .isEqualTo(passes(event, old, count));
  }

  @Property(tries = 200)
  void aPublishedBatchNotifiesByTheObviousRule(
      @ForAll @IntRange(max = 0xffff) int start,
      @ForAll @IntRange(min = 1, max = SIZE) int count,
      @ForAll @IntRange(min = -2, max = SIZE + 2) int distance)
      throws LinuxException {
    int event = (start + distance) & 0xffff;
    try (RingUnderTest ring = ring(EVENT_IDX, start)) {
      ring.usedEvent(event);
      serve(ring, count);

      assertThat(ring.queue.publish()).isEqualTo(passes(event, start, count));
    }
  }

  @Test
  void aPolledQueueAsksForNoKicksByFlag() throws LinuxException {
    try (RingUnderTest ring = ring(0, 0)) {
      assertThat(ring.usedFlags()).isEqualTo(NO_NOTIFY);

      assertThat(ring.queue.enableNotifications()).isTrue();
      assertThat(ring.usedFlags()).isZero();

      ring.queue.disableNotifications();
      assertThat(ring.usedFlags()).isEqualTo(NO_NOTIFY);
    }
  }

  @Test
  void aRestingQueueAsksForTheNextEntryByEvent() throws LinuxException {
    try (RingUnderTest ring = ring(EVENT_IDX, 0xffff)) {
      serve(ring, 3);

      assertThat(ring.queue.enableNotifications()).isTrue();

      assertThat(ring.availEvent()).isEqualTo(2);
      assertThat(ring.usedFlags()).isZero();
    }
  }

  @Test
  void anOfferThatCameBeforeTheWishIsFoundAndNotificationsAreOffAgain() throws LinuxException {
    try (RingUnderTest ring = ring(0, 0)) {
      ring.offer(0);

      assertThat(ring.queue.enableNotifications()).isFalse();

      assertThat(ring.usedFlags()).isEqualTo(NO_NOTIFY);
      assertThat(ring.fetch()).isEqualTo(ChainStatus.FETCHED);
      assertThat(ring.queue.enableNotifications()).isTrue();
    }
  }

  @Test
  void anOfferSeenButNotTakenKeepsTheQueueAwake() throws LinuxException {
    try (RingUnderTest ring = ring(EVENT_IDX, 0)) {
      ring.offer(0);
      ring.offer(1);
      ring.fetch();

      assertThat(ring.queue.enableNotifications()).isFalse();
      ring.fetch();
      assertThat(ring.queue.enableNotifications()).isTrue();
    }
  }

  /** A driver's rule for kicks (§2.7.10.2): it counts what it offers and looks at avail_event. */
  @Property(tries = 20)
  void aDriverNeverKicksAPolledQueueOfAnySize(@ForAll @IntRange(max = 15) int log2)
      throws LinuxException {
    int size = 1 << log2;
    try (RingUnderTest ring = new RingUnderTest(size, EVENT_IDX, 0)) {
      ring.descriptor(0, DATA, 1, 0, 0);
      int kicks = 0;
      for (int i = 0; i < 140_000; i++) {
        ring.offer(0);
        if (ring.availEvent() == (i & 0xffff)) {
          kicks++;
        }
        ring.fetch();
        ring.queue.complete(0, 0);
        ring.queue.publish();
      }

      assertThat(kicks).isZero();
    }
  }

  @Test
  void publishingLeavesTheWishOfARestingQueueAlone() throws LinuxException {
    try (RingUnderTest ring = ring(EVENT_IDX, 0)) {
      ring.offer(0);
      ring.fetch();
      assertThat(ring.queue.enableNotifications()).isTrue();

      ring.queue.complete(0, 0); // a request that was out while the queue went to rest
      ring.queue.publish();

      assertThat(ring.availEvent()).isEqualTo(1);
    }
  }
}
