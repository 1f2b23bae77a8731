package io.millrace.live.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongConsumer;

/** Back-ends on one packed ring, each of which dies. */
final class PackedHistory implements LongConsumer {
  private static final int LIVES = 25;
  private static final int WRAP = 1 << 15;
  private static final int AVAIL = 1 << 7;
  private static final int USED = 1 << 15;

  /** As the driver made it available. */
  private record Chain(int number, int id, int count, int position) {
    long address(int i) {
      return (long) number << 32 | i;
    }

    /** 32 bits, the highest among them. */
    long length(int i) {
      return 0xffff_ffffL - (number * 8L + i);
    }

    int flags(int i) {
      return (number + i) & 0xffff;
    }
  }

  private final Mapping memory;
  private final long flagsAt;
  private Random random = new Random();
  private int size;
  private int chains;
  private int driver; // position
  private int used; // position
  private final List<Chain> pending = new ArrayList<>(); // available, not shown as used
  private final List<Chain> out = new ArrayList<>();
  private final List<Chain> done = new ArrayList<>(); // of the batch that is being given back
  private final Map<Chain, Integer> entries = new HashMap<>();
  private int taken; // of those pending
  private PackedInflight region;

  @SuppressWarnings("NullAway") // the region is opened by each life
  PackedHistory() throws LinuxException {
    memory = Mapping.anonymous(1 << 13, false);
    flagsAt = memory.address() + (1 << 12);
  }

  @Override
  public void accept(long seed) {
    random = new Random(seed);
    DyingMemory.live(Integer.MAX_VALUE, random);
    size = 1 + random.nextInt(16);
    driver = random.nextInt(size) | (random.nextBoolean() ? WRAP : 0);
    used = driver;
    pending.clear();
    RawMemory.fill(memory.address(), memory.size(), (byte) 0);
    try {
      for (int life = 0; life < LIVES; life++) {
        live(random.nextInt(120));
      }
      live(Integer.MAX_VALUE);
      assertThat(pending).isEmpty();
      open();
      assertThat(region.recoveredCount()).isZero();
      assertThat(region.availPosition()).isEqualTo(driver);
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
      if (!done.isEmpty() && flags(used & ~WRAP) == usedFlags(used)) {
        wasShown();
      }
    }
  }

  private int flags(int index) {
    return RawMemory.getShort(flagsAt + 2L * index) & 0xffff;
  }

  private static int availFlags(int position) {
    return (position & WRAP) != 0 ? AVAIL : USED;
  }

  private static int usedFlags(int position) {
    return (position & WRAP) != 0 ? AVAIL | USED : 0;
  }

  private int plus(int position, int count) {
    int index = (position & ~WRAP) + count;
    int wrap = position & WRAP;
    return index < size ? index | wrap : (index - size) | (wrap ^ WRAP);
  }

  /** What is in flight, and then what is in the ring: that is all, and in its order. */
  private void open() throws BadInflightException {
    out.clear();
    done.clear();
    entries.clear();
    region = PackedInflight.open(memory.address(), size, used, this::flags);
    assertThat(region.usedPosition()).isEqualTo(used);
    taken = region.recoveredCount();
    assertThat(taken).isLessThanOrEqualTo(pending.size());
    for (int i = 0; i < taken; i++) {
      Chain chain = pending.get(i);
      int entry = region.recoveredEntry(i);
      assertThat(region.count(entry)).isEqualTo(chain.count);
      out.add(chain);
      entries.put(chain, entry);
      for (int j = 0; j < chain.count; j++) {
        assertThat(region.descAddr(entry)).isEqualTo(chain.address(j));
        assertThat(region.descLen(entry)).isEqualTo(chain.length(j));
        assertThat(region.descFlags(entry)).isEqualTo(chain.flags(j));
        assertThat(region.descId(entry)).isEqualTo(chain.id);
        entry = region.next(entry);
      }
    }
    int position = taken < pending.size() ? pending.get(taken).position : driver;
    assertThat(region.availPosition()).isEqualTo(position);
  }

  private void play() {
    while (true) {
      switch (random.nextInt(8)) {
        case 0, 1 -> offer();
        case 2, 3, 4 -> fetch();
        case 5 -> giveUp();
        default -> {
          giveBack();
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
    }
  }

  private void offer() {
    int free = size - pending.stream().mapToInt(Chain::count).sum();
    int id = random.nextInt(size);
    if (free == 0 || pending.stream().anyMatch(chain -> chain.id == id)) {
      return;
    }
    Chain chain = new Chain(chains++, id, 1 + random.nextInt(Math.min(free, 4)), driver);
    for (int i = 0; i < chain.count; i++) {
      DyingMemory.putShortByDriver(flagsAt + 2L * (driver & ~WRAP), (short) availFlags(driver));
      driver = plus(driver, 1);
    }
    pending.add(chain);
  }

  private void add(Chain chain, int i) {
    region.add(chain.address(i), chain.length(i), chain.flags(i), chain.id);
  }

  private void fetch() {
    if (taken < pending.size()) {
      Chain chain = pending.get(taken++);
      region.begin();
      for (int i = 0; i < chain.count; i++) {
        add(chain, i);
      }
      entries.put(chain, region.end());
      out.add(chain);
    }
  }

  /** A walk that stops where it would have to wait. */
  private void giveUp() {
    if (taken < pending.size()) {
      Chain chain = pending.get(taken);
      region.begin();
      for (int i = random.nextInt(chain.count + 1); i > 0; i--) {
        add(chain, chain.count - i);
      }
    }
  }

  private void giveBack() {
    int to = used;
    for (int i = random.nextInt(out.size() + 1); i > 0; i--) {
      Chain chain = out.remove(random.nextInt(out.size()));
      done.add(chain);
      to = plus(to, chain.count);
      region.used(entries.get(chain));
    }
    if (!done.isEmpty()) {
      region.publishing(to);
      RawMemory.putShortRelease(flagsAt + 2L * (used & ~WRAP), (short) usedFlags(used));
      if (random.nextInt(3) == 0) { // the driver is quick
        DyingMemory.wasSeen();
        wasShown();
        offer();
      }
      region.published();
      wasShown();
    }
  }

  private void wasShown() {
    for (Chain chain : done) {
      used = plus(used, chain.count);
      pending.remove(chain);
      taken--;
    }
    done.clear();
  }
}
