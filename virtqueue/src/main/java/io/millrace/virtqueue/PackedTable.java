package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;

/**
 * Indirect tables of a packed queue (virtio 1.3 §2.8.8). Every descriptor of a table belongs to the
 * chain; of their flags only WRITE counts.
 */
final class PackedTable {
  private static final int TRIPLE = 3;

  private PackedTable() {}

  /**
   * Adds what is left of the table that a chain stands in.
   *
   * @return EMPTY at the end, WAIT, or what is wrong
   */
  static ChainStatus follow(DescriptorChain chain, ChainBuffers buffers) {
    return isTriple(chain, buffers) ? ChainStatus.EMPTY : walk(chain, buffers);
  }

  /** Adds a table of three, as {@code SplitWalk} does; or nothing, if it is any other. */
  private static boolean isTriple(DescriptorChain chain, ChainBuffers buffers) {
    if (chain.tableSize != TRIPLE || chain.tableHost == 0 || chain.nextIndex > 0) {
      return false;
    }
    long first = RawMemory.base(chain.tableHost);
    long second = first + PackedDesc.SIZE;
    long third = second + PackedDesc.SIZE;
    long address0 = PackedDesc.addr(first);
    long state0 = RawMemory.getLong(PackedDesc.stateAddress(first));
    long address1 = PackedDesc.addr(second);
    long state1 = RawMemory.getLong(PackedDesc.stateAddress(second));
    long address2 = PackedDesc.addr(third);
    long state2 = RawMemory.getLong(PackedDesc.stateAddress(third));
    return !isWritable(state0)
        && isWritable(state2)
        && buffers.addTriple(
            chain,
            address0,
            PackedDesc.len(state0),
            address1,
            PackedDesc.len(state1),
            isWritable(state1),
            address2,
            PackedDesc.len(state2));
  }

  private static ChainStatus walk(DescriptorChain chain, ChainBuffers buffers) {
    while (chain.nextIndex < chain.tableSize) {
      long entry = buffers.tableEntry(chain, chain.nextIndex);
      if (entry < 0) {
        return entry == AddressTranslation.WAIT ? ChainStatus.WAIT : ChainStatus.BAD_INDIRECT;
      }
      chain.walked++;
      long state = RawMemory.getLong(PackedDesc.stateAddress(entry));
      ChainStatus status =
          buffers.add(chain, PackedDesc.addr(entry), PackedDesc.len(state), isWritable(state));
      if (status != ChainStatus.EMPTY) {
        return status;
      }
      chain.nextIndex++;
    }
    return ChainStatus.EMPTY;
  }

  private static boolean isWritable(long state) {
    return (PackedDesc.flags(state) & PackedDesc.F_WRITE) != 0;
  }
}
