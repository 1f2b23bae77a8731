package io.millrace.virtqueue;

import io.millrace.live.migration.PackedInflight;
import org.jspecify.annotations.Nullable;

/**
 * Chains of a packed queue that were in flight when a back-end died. Their descriptors are in the
 * region: those of the ring may have been overwritten.
 */
final class PackedUnfinished {
  private final PackedInflight region;
  private int next; // of those recovered
  private int entry;
  private int descriptors;

  private PackedUnfinished(PackedInflight region) {
    this.region = region;
  }

  /** What was in flight, or null if nothing was. */
  static @Nullable PackedUnfinished of(PackedInflight region) {
    return region.recoveredCount() == 0 ? null : new PackedUnfinished(region);
  }

  boolean isEmpty() {
    return next == region.recoveredCount();
  }

  /** Entry of the chain fetched last. */
  int entry() {
    return entry;
  }

  /** How many descriptors the chain fetched last has in the ring. */
  int descriptors() {
    return descriptors;
  }

  /** Fetches the oldest; one that has to wait is begun anew. */
  ChainStatus fetch(DescriptorChain chain, ChainBuffers buffers) {
    entry = region.recoveredEntry(next);
    descriptors = region.count(entry);
    ChainStatus refusal = ChainStatus.FETCHED;
    chain.begin(0, 0, 0);
    chain.fetchedAgain(region.recoveredMilestone(next));
    int at = entry;
    for (int i = 0; i < descriptors; i++) {
      chain.walked++;
      chain.head(region.descId(at)); // that of the last is the chain's
      if (refusal == ChainStatus.FETCHED) {
        ChainStatus status = add(chain, buffers, at);
        if (status == ChainStatus.WAIT) {
          return status;
        }
        refusal = status == ChainStatus.EMPTY ? refusal : status;
      }
      at = region.next(at);
    }
    next++;
    return refusal;
  }

  private ChainStatus add(DescriptorChain chain, ChainBuffers buffers, int at) {
    int flags = region.descFlags(at);
    long address = region.descAddr(at);
    long bytes = region.descLen(at);
    if ((flags & PackedDesc.F_INDIRECT) == 0) {
      return buffers.add(chain, address, bytes, (flags & PackedDesc.F_WRITE) != 0);
    }
    ChainStatus status = buffers.enterTable(chain, address, bytes, descriptors > 1);
    return status == ChainStatus.EMPTY ? PackedTable.follow(chain, buffers) : status;
  }
}
