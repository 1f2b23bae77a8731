package io.millrace.virtio.blk;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Any requests of a virtio-blk driver do to a disk in memory what they may, and nothing else.
 * {@link FuzzedRequests} says what the input is and what is checked.
 */
class BlkRequestFuzzTest {
  private static FuzzedRequests requests;

  @BeforeAll
  static void make() throws Exception {
    requests = new FuzzedRequests();
  }

  @AfterAll
  static void close() throws Exception {
    requests.close();
  }

  @FuzzTest
  void everyRequestDoesWhatItMay(byte[] input) throws Exception {
    requests.play(input);
  }
}
