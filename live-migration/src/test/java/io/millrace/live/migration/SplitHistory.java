package io.millrace.live.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongConsumer;

/**
 * Back-ends on one split ring, each of which dies. A request is known by its place in the available
 * ring, counted from the first.
 */
final class SplitHistory implements LongConsumer {
  private static final int LIVES = 25;
  private static final int U16 = 0xffff;

  private final Mapping memory;
  private final long usedIdxAt;
  private Random random = new Random();
  private int size;
  private int start; // of both indices
  private final List<Integer> heads = new ArrayList<>(); // by request
  private final List<Integer> pending = new ArrayList<>(); // offered, not shown as used
  private final List<Integer> out = new ArrayList<>();
  private final List<Integer> done = new ArrayList<>(); // given back, not shown
  private int usedIdx;
  private int next; // request to fetch
  private SplitInflight region;

  @SuppressWarnings("NullAway") // the region is opened by each life
  SplitHistory() throws LinuxException {
    memory = Mapping.anonymous(1 << 13, false);
    usedIdxAt = memory.address() + (1 << 12);
  }

  @Override
  public void accept(long seed) {
    random = new Random(seed);
    DyingMemory.live(Integer.MAX_VALUE, random);
    size = 1 << random.nextInt(5);
    start = random.nextBoolean() ? U16 - random.nextInt(4) : random.nextInt(U16);
    RawMemory.fill(memory.address(), memory.size(), (byte) 0);
    RawMemory.putShort(usedIdxAt, (short) start);
    usedIdx = start;
    heads.clear();
    pending.clear();
    try {
      for (int life = 0; life < LIVES; life++) {
        live(random.nextInt(80));
      }
      live(Integer.MAX_VALUE);
      assertThat(pending).isEmpty();
    } catch (BadInflightException | RuntimeException e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  private void live(int stores) throws BadInflightException {
    DyingMemory.live(stores, random);
    try {
      open();
      if (stores == Integer.MAX_VALUE) {
        drain();
      } else {
        play();
      }
    } catch (DyingMemory.Death e) {
      int idx = RawMemory.getShort(usedIdxAt) & U16;
      assertThat((idx - usedIdx) & U16).isIn(0, done.size());
      if (idx != usedIdx) {
        wasShown(idx);
      }
    }
  }

  /** What is in flight, and then what is in the ring: that is all, and in its order. */
  private void open() throws BadInflightException {
    out.clear();
    done.clear();
    region = SplitInflight.open(memory.address(), size, usedIdx);
    int count = region.recoveredCount();
    assertThat(count).isLessThanOrEqualTo(pending.size());
    for (int i = 0; i < count; i++) {
      assertThat(region.recoveredHead(i)).isEqualTo(heads.get(pending.get(i)));
      out.add(pending.get(i));
    }
    next = count < pending.size() ? pending.get(count) : heads.size();
    assertThat(region.availIndex()).isEqualTo((start + next) & U16);
  }

  private void play() {
    while (true) {
      switch (random.nextInt(8)) {
        case 0, 1 -> offer();
        case 2, 3, 4 -> fetch();
        case 5, 6 -> giveBack(); // and perhaps fetches before it shows it
        default -> {
          show();
          if (out.isEmpty() && random.nextInt(8) == 0) {
            region.stopped();
            return;
          }
        }
      }
    }
  }

  private void drain() {
    while (!pending.isEmpty()) {
      fetch();
      giveBack();
      show();
    }
  }

  private void offer() {
    int head = random.nextInt(size);
    if (pending.stream().noneMatch(request -> heads.get(request) == head)) {
      pending.add(heads.size());
      heads.add(head);
    }
  }

  private void fetch() {
    if (next < heads.size()) {
      region.fetched(heads.get(next));
      out.add(next++);
    }
  }

  private void giveBack() {
    if (!out.isEmpty()) {
      int request = out.get(random.nextInt(out.size()));
      out.remove(Integer.valueOf(request));
      done.add(request);
      region.used(heads.get(request));
    }
  }

  private void show() {
    if (!done.isEmpty()) {
      int idx = (usedIdx + done.size()) & U16;
      RawMemory.putShortRelease(usedIdxAt, (short) idx);
      if (random.nextInt(3) == 0) { // the driver is quick
        DyingMemory.wasSeen();
        wasShown(idx);
        offer();
      }
      region.published(idx);
      if (idx != usedIdx) {
        wasShown(idx);
      }
    }
  }

  private void wasShown(int idx) {
    pending.removeAll(done);
    done.clear();
    usedIdx = idx;
  }
}
