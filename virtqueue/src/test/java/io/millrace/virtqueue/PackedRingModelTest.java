package io.millrace.virtqueue;

import static io.millrace.virtqueue.GuestMemory.DATA;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.virtqueue.PackedRingUnderTest.Element;
import io.millrace.virtqueue.ReferenceRing.ChainByte;
import io.millrace.virtqueue.RingUnderTest.Segment;
import io.millrace.virtqueue.RingUnderTest.Used;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Guests that play by the rules, and guests that do not, against {@link PackedReferenceRing}. */
class PackedRingModelTest {
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
    final PackedRingUnderTest ring;
    final PackedReferenceRing reference;
    final int size;
    int index; // where the device must stand
    int wrap;
    int offeredDescriptors; // that the driver did not see used
    int completedDescriptors; // of them, those that it will see at the next publish
    final Map<Integer, Integer> out = new LinkedHashMap<>(); // descriptors by id
    final List<Integer> offered = new ArrayList<>(); // ids not fetched
    final List<Used> completed = new ArrayList<>();
    boolean broken;

    Game(Random random, PackedRingUnderTest ring, int size, long features) {
      this.random = random;
      this.ring = ring;
      this.size = size;
      index = ring.availIndex;
      wrap = ring.availWrap;
      boolean indirect = (features & VirtioFeature.INDIRECT_DESC) != 0;
      reference = new PackedReferenceRing(ring.memory, PackedRingUnderTest.RING, size, indirect);
    }

    Element element() {
      long addr = DATA + random.nextInt(GuestMemory.BYTES);
      long len = random.nextInt(200);
      int flags = random.nextInt(3) == 0 ? PackedRingUnderTest.WRITE : 0;
      switch (random.nextInt(12)) {
        case 0 -> addr = PLACES[random.nextInt(PLACES.length)] + random.nextInt(-40, 100);
        case 1 -> len = random.nextInt() & 0xffff_ffffL;
        case 2 -> addr = random.nextLong();
        case 3, 4 -> {
          flags |= PackedRingUnderTest.INDIRECT;
          addr = TABLES + 16L * random.nextInt(16);
          len = 16L * random.nextInt(6);
        }
        default -> {}
      }
      return new Element(addr, len, flags);
    }

    void scribbleTable(int entry) {
      Element element = element();
      int flags = random.nextInt(0x10000);
      ring.tableEntry(TABLES, entry, element.addr(), element.len(), random.nextInt(0x10000), flags);
    }

    /** A chain that fits, with an id that is free. */
    void offer() {
      int room = size - offeredDescriptors;
      int id = random.nextInt(size);
      boolean taken =
          offered.contains(id)
              || out.containsKey(id)
              || completed.stream().anyMatch(used -> used.id() == id);
      if (room > 0 && !taken) {
        Element[] elements = new Element[1 + random.nextInt(Math.min(room, 4))];
        for (int i = 0; i < elements.length; i++) {
          elements[i] = element();
        }
        ring.offer(id, elements);
        offered.add(id);
        offeredDescriptors += elements.length;
      }
    }

    /** Anything at all where the device looks next. */
    void vandalise() {
      Element element = element();
      int id = random.nextInt(4) == 0 ? random.nextInt(0x10000) : random.nextInt(size);
      int flags = random.nextInt(0x10000);
      ring.descriptor(random.nextInt(size), element.addr(), element.len(), id, flags);
      broken = true; // from now on the driver's idea of the ring means nothing
    }

    void fetch() {
      int outDescriptors = out.values().stream().mapToInt(Integer::intValue).sum();
      var next = reference.at(index, wrap, outDescriptors, out.keySet());

      ChainStatus status = ring.fetch();

      assertThat(status).isEqualTo(next.fetched().status());
      if (status == ChainStatus.EMPTY || status == ChainStatus.BROKEN_RING) {
        return;
      }
      int id = next.fetched().head();
      assertThat(ring.chain.head()).isEqualTo(id);
      if (status == ChainStatus.FETCHED) {
        assertThat(bytes(ring.segments())).isEqualTo(next.fetched().bytes());
      }
      out.put(id, next.descriptors());
      offered.remove(/* element */ (Integer) id);
      index += next.descriptors();
      if (index >= size) {
        index -= size;
        wrap ^= 1;
      }
      assertThat(ring.queue.state().availIndex()).isEqualTo(index | wrap << 15);
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
        List<Integer> ids = List.copyOf(out.keySet());
        int id = ids.get(random.nextInt(ids.size()));
        long written = random.nextBoolean() ? 0 : random.nextInt() & 0xffff_ffffL;
        ring.queue.complete(id, written);
        completedDescriptors += out.remove(id);
        completed.add(new Used(id, written));
      }
    }

    void publish() {
      if (random.nextBoolean()) {
        ring.queue.show();
      } else {
        ring.queue.publish();
      }
      offeredDescriptors -= completedDescriptors;
      completedDescriptors = 0;
      if (!broken) {
        assertThat(ring.used()).isEqualTo(completed);
      }
      completed.clear();
    }
  }

  private static void play(long seed, boolean vandal) throws LinuxException {
    Random random = new Random(seed);
    int size = 1 + random.nextInt(20);
    long features =
        (random.nextInt(4) > 0 ? VirtioFeature.INDIRECT_DESC : 0)
            | (random.nextBoolean() ? VirtioFeature.EVENT_IDX : 0);
    try (PackedRingUnderTest ring =
        new PackedRingUnderTest(size, features, random.nextInt(size), random.nextInt(2))) {
      Game game = new Game(random, ring, size, features);
      for (int i = 0; i < 16 + 6; i++) {
        game.scribbleTable(i);
      }
      for (int step = 0; step < 300; step++) {
        switch (random.nextInt(8)) {
          case 0, 1 -> game.offer();
          case 2, 3 -> game.fetch();
          case 4, 5 -> game.complete();
          case 6 -> game.publish();
          default -> {
            if (vandal) {
              game.vandalise();
            } else {
              game.scribbleTable(random.nextInt(22));
            }
          }
        }
      }
    }
  }

  @Property(tries = 400)
  void theRingDoesWhatTheReferenceSays(@ForAll long seed) throws LinuxException {
    play(seed, false);
  }

  @Property(tries = 400)
  void theRingDoesWhatTheReferenceSaysOfWhatNoDriverWouldWrite(@ForAll long seed)
      throws LinuxException {
    play(seed, true);
  }
}
