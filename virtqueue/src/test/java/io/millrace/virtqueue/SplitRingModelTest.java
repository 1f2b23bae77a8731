package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.virtqueue.ReferenceRing.ChainByte;
import io.millrace.virtqueue.ReferenceRing.Fetched;
import io.millrace.virtqueue.RingUnderTest.Segment;
import io.millrace.virtqueue.RingUnderTest.Used;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Guests that play by the rules, and guests that do not, against {@link ReferenceRing}. */
class SplitRingModelTest {
  private static final long TABLES = DATA + 0x8000;
  private static final long[] PLACES = {
    DATA,
    GuestMemory.NEXT,
    GuestMemory.HOLE,
    GuestMemory.TOP,
    GuestMemory.ZERO,
    TABLES,
    0x1234_5678L
  };

  /** One guest: the ring, the reference, and what is out. */
  private static final class Game {
    final Random random;
    final RingUnderTest ring;
    final ReferenceRing reference;
    final int size;
    final Deque<Integer> offered = new ArrayDeque<>();
    final List<Integer> out = new ArrayList<>();
    final List<Used> completed = new ArrayList<>();

    Game(Random random, RingUnderTest ring, int size, long features) {
      this.random = random;
      this.ring = ring;
      this.size = size;
      boolean indirect = (features & VirtioFeature.INDIRECT_DESC) != 0;
      reference = new ReferenceRing(ring.memory, GuestMemory.RING, size, indirect);
    }

    /** Writes a random table entry; mostly such that chains come to an end. */
    void scribble(long table, int index, int entries) {
      long addr = PLACES[random.nextInt(PLACES.length)] + random.nextInt(-40, 100);
      long len = random.nextInt(200);
      int flags = random.nextInt(4);
      int next = random.nextInt(entries);
      switch (random.nextInt(12)) {
        case 0 -> next = random.nextInt(0x10000);
        case 1 -> len = random.nextInt() & 0xffff_ffffL;
        case 2 -> addr = random.nextLong();
        case 3, 4 -> {
          flags = random.nextInt(8) | 4;
          addr = TABLES + 16L * random.nextInt(16);
          len = 16L * random.nextInt(6);
        }
        case 5 -> flags = random.nextInt(0x10000);
        default -> addr = DATA + random.nextInt(GuestMemory.BYTES);
      }
      ring.tableEntry(table, index, addr, len, flags, next);
    }

    void offer() {
      if (offered.size() + out.size() + completed.size() < size) {
        int head = random.nextInt(size);
        offered.add(head);
        ring.offer(head);
      }
    }

    void fetch() {
      ChainStatus status = ring.fetch();
      if (offered.isEmpty()) {
        assertThat(status).isEqualTo(ChainStatus.EMPTY);
        return;
      }
      Fetched expected = reference.chain(offered.remove());
      assertThat(status).isEqualTo(expected.status());
      assertThat(ring.chain.head()).isEqualTo(expected.head());
      if (status == ChainStatus.FETCHED) {
        assertThat(bytes(ring.segments())).isEqualTo(expected.bytes());
      }
      out.add(expected.head());
    }

    private static List<ChainByte> bytes(List<Segment> segments) {
      List<ChainByte> all = new ArrayList<>();
      for (Segment segment : segments) {
        for (int i = 0; i < segment.bytes(); i++) {
          all.add(new ChainByte(segment.host() + i, segment.writable()));
        }
      }
      return all;
    }

    void complete() {
      if (!out.isEmpty()) {
        int head = out.remove(/* index */ random.nextInt(out.size()));
        long written = random.nextInt() & 0xffff_ffffL;
        ring.queue.complete(head, written);
        completed.add(new Used(head, written));
      }
    }

    void publish() {
      if (random.nextBoolean()) {
        ring.queue.show();
      } else {
        ring.queue.publish();
      }
      assertThat(ring.used()).isEqualTo(completed);
      completed.clear();
    }
  }

  @Property(tries = 400)
  void theRingDoesWhatTheReferenceSays(@ForAll long seed) throws LinuxException {
    Random random = new Random(seed);
    int size = 1 << random.nextInt(7);
    long features =
        (random.nextInt(4) > 0 ? VirtioFeature.INDIRECT_DESC : 0)
            | (random.nextBoolean() ? VirtioFeature.EVENT_IDX : 0);
    int start = random.nextBoolean() ? 0xfff0 + random.nextInt(16) : random.nextInt(0x10000);
    try (RingUnderTest ring = new RingUnderTest(size, features, start)) {
      Game game = new Game(random, ring, size, features);
      for (int i = 0; i < 16 + 6; i++) {
        game.scribble(TABLES, i, 1 + random.nextInt(6));
      }
      for (int i = 0; i < size; i++) {
        game.scribble(GuestMemory.RING, i, size);
      }
      for (int step = 0; step < 300; step++) {
        switch (random.nextInt(8)) {
          case 0, 1 -> game.offer();
          case 2, 3 -> game.fetch();
          case 4, 5 -> game.complete();
          case 6 -> game.publish();
          default -> game.scribble(GuestMemory.RING, random.nextInt(size), size);
        }
      }
    }
  }

  @Property(tries = 200)
  void anAvailIndexBeyondWhatCanBeOfferedBreaksTheRing(@ForAll long seed) throws LinuxException {
    Random random = new Random(seed);
    int size = 1 << random.nextInt(5);
    int start = random.nextInt(0x10000);
    try (RingUnderTest ring = new RingUnderTest(size, 0, start)) {
      int out = random.nextInt(size + 1);
      for (int i = 0; i < out; i++) {
        ring.offer(0);
        ring.fetch();
      }
      int ahead = random.nextInt(2 * size + 2);
      ring.showAvailIdx(start + out + ahead);

      ChainStatus status = ring.fetch();

      if (ahead == 0) {
        assertThat(status).isEqualTo(ChainStatus.EMPTY);
      } else if (out + ahead <= size) {
        assertThat(status).isEqualTo(ChainStatus.FETCHED);
      } else {
        assertThat(status).isEqualTo(ChainStatus.BROKEN_RING);
      }
    }
  }
}
