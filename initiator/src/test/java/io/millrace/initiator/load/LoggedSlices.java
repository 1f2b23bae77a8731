package io.millrace.initiator.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;

/** The dirty log says what was written, no less and no more, slice after slice of random load. */
public final class LoggedSlices {
  private LoggedSlices() {}

  /** Has a guest go through slices of load, its log on, off, or switched amid them. */
  public static void run(LoggedGuest guest, int slices, long seed) throws Exception {
    Random random = new Random(seed);
    // A disk that is not all zeroes, so that each read changes what it reads into.
    guest.prepare();
    guest.submit(40);
    guest.reap();
    guest.suspend();
    guest.giveLog();
    for (int i = 0; i < slices; i++) {
      int kind = random.nextInt(4);
      try {
        if (kind == 0) {
          unlogged(guest, random);
        } else {
          logged(guest, random, kind == 1);
        }
      } catch (AssertionError e) {
        throw new AssertionError("slice " + i + " of kind " + kind + ": " + e.getMessage(), e);
      }
    }
    guest.resume(false); // as the driver expects it
  }

  /** A slice that is logged, all of it or from some time on; the front-end clears meanwhile. */
  private static void logged(LoggedGuest guest, Random random, boolean fromTheMiddle)
      throws Exception {
    guest.prepare();
    if (!fromTheMiddle) {
      guest.logging(true);
    }
    guest.resume(!fromTheMiddle);
    guest.submit(random.nextInt(20));
    if (fromTheMiddle) {
      guest.logging(true);
    }
    BitSet marked = new BitSet();
    for (int i = random.nextInt(4); i >= 0; i--) {
      guest.submit(1 + random.nextInt(20));
      marked.or(guest.pages.take());
    }
    guest.reap();
    guest.suspend();
    marked.or(guest.pages.take());
    guest.check(marked, !fromTheMiddle);
    guest.logging(false);
  }

  private static void unlogged(LoggedGuest guest, Random random) throws Exception {
    guest.prepare();
    guest.resume(false);
    guest.submit(1 + random.nextInt(30));
    guest.reap();
    guest.suspend();
    assertThat(guest.pages.take()).as("pages marked while nobody wants it").isEqualTo(new BitSet());
  }
}
