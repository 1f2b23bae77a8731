package io.millrace.virtqueue;

import static org.assertj.core.api.Assertions.assertThat;

/** Fetches of one queue, before each of which a look at the ring says what it will find. */
final class CheckedFetches {
  private boolean waited; // the chain fetched last is not whole yet

  ChainStatus fetch(DeviceQueue queue, DescriptorChain chain) {
    boolean more = queue.hasMore();
    ChainStatus status = queue.fetch(chain);
    if (!waited) {
      assertThat(more)
          .as("what a look found before %s", status)
          .isEqualTo(status != ChainStatus.EMPTY);
    }
    waited = status == ChainStatus.WAIT;
    return status;
  }
}
