package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;

/** Indirect tables of a packed queue (virtio 1.3 §2.8.8). */
final class PackedTable {
  private PackedTable() {}

  /**
   * Adds what is left of the table that a chain stands in. Every descriptor of it belongs to the
   * chain; of their flags only WRITE counts.
   *
   * @return EMPTY at the end, WAIT, or what is wrong
   */
  static ChainStatus walk(DescriptorChain chain, ChainBuffers buffers) {
    while (chain.nextIndex < chain.tableSize) {
      long entry = buffers.tableEntry(chain, chain.nextIndex);
      if (entry < 0) {
        return entry == AddressTranslation.WAIT ? ChainStatus.WAIT : ChainStatus.BAD_INDIRECT;
      }
      chain.walked++;
      long state = RawMemory.getLong(PackedDesc.stateAddress(entry));
      boolean writable = (PackedDesc.flags(state) & PackedDesc.F_WRITE) != 0;
      ChainStatus status =
          buffers.add(chain, PackedDesc.addr(entry), PackedDesc.len(state), writable);
      if (status != ChainStatus.EMPTY) {
        return status;
      }
      chain.nextIndex++;
    }
    return ChainStatus.EMPTY;
  }
}
