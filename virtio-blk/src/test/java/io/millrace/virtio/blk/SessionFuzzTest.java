package io.millrace.virtio.blk;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Any sequence of messages, requests and stores into shared memory, through a real socket, cut off
 * at its end: nothing of the session is left then, and another front-end is served. {@link
 * FuzzedFrontend} says what the input is.
 */
class SessionFuzzTest {
  private static SteppedTarget target;
  private static FuzzedGuest guest;

  @BeforeAll
  static void make() throws Exception {
    target = new SteppedTarget();
    guest = new FuzzedGuest();
  }

  @AfterAll
  static void close() throws Exception {
    target.close();
    guest.close();
  }

  @FuzzTest
  void everySessionEndsAndLeavesNothing(byte[] input) throws Exception {
    target.begin();
    guest.reset();

    try (FuzzedFrontend frontend = new FuzzedFrontend(target, guest)) {
      frontend.play(input);
    }

    target.checkNothingIsLeft();
    guest.checkTheRestIsUntouched();
  }
}
