package io.millrace.virtqueue;

/**
 * Adds what descriptors point to, to a chain: buffers as host segments, and indirect tables. What
 * the two ring formats have in common. Data-path code of one queue.
 */
final class ChainBuffers {
  /**
   * Most descriptors of an indirect table; drivers exceed the queue's size, so that is no limit.
   */
  static final int MAX_INDIRECT = 1024;

  /** Whatever has no more bits than this, less one, is no longer than a segment. */
  private static final int SEGMENT_BITS =
      Integer.numberOfTrailingZeros(DescriptorChain.MAX_SEGMENT_BYTES);

  private final boolean indirectAllowed;
  private AddressTranslation translation;

  ChainBuffers(long features, AddressTranslation translation) {
    this.indirectAllowed = VirtioFeature.has(features, VirtioFeature.INDIRECT_DESC);
    this.translation = translation;
  }

  AddressTranslation translation() {
    return translation;
  }

  void translation(AddressTranslation other) {
    translation = other;
  }

  /**
   * Lets a chain go on in an indirect table.
   *
   * @param misplaced whether a table may not be where it was found
   * @return EMPTY when the chain stands at the table's first descriptor, WAIT, or what is wrong
   */
  ChainStatus enterTable(DescriptorChain chain, long address, long bytes, boolean misplaced) {
    long entries = bytes / VirtqDesc.SIZE;
    boolean allowed =
        indirectAllowed
            && !chain.indirect
            && !misplaced
            && bytes % VirtqDesc.SIZE == 0
            && entries > 0
            && entries <= MAX_INDIRECT;
    if (!allowed) {
      return ChainStatus.BAD_INDIRECT;
    }
    long host = translation.translate(address, bytes);
    if (host == AddressTranslation.WAIT) {
      return ChainStatus.WAIT;
    }
    if (host == AddressTranslation.NOT_MAPPED) {
      return ChainStatus.BAD_ADDRESS;
    }
    chain.tableHost = host == AddressTranslation.SPANS ? 0 : host; // 0: entry by entry
    chain.tableGuest = address;
    chain.tableSize = (int) entries;
    chain.indirect = true;
    chain.nextIndex = 0;
    chain.seen = 0;
    return ChainStatus.EMPTY;
  }

  /** Host address of a descriptor of the chain's table, or a code of {@link AddressTranslation}. */
  long tableEntry(DescriptorChain chain, int index) {
    long offset = (long) index * VirtqDesc.SIZE;
    return chain.tableHost != 0
        ? chain.tableHost + offset
        : translation.translate(chain.tableGuest + offset, VirtqDesc.SIZE);
  }

  /** Adds a buffer; EMPTY when it was added, WAIT, or what is wrong. */
  ChainStatus add(DescriptorChain chain, long address, long bytes, boolean writable) {
    if (!writable && chain.writableBytes() > 0) {
      return ChainStatus.BAD_ORDER;
    }
    if (bytes == 0) {
      return ChainStatus.EMPTY; // allowed, means nothing
    }
    if (bytes > DescriptorChain.MAX_SEGMENT_BYTES) {
      return ChainStatus.BAD_LENGTH;
    }
    long host = translation.translate(address, bytes);
    if (host >= 0) {
      chain.add(host, (int) bytes, writable);
      return ChainStatus.EMPTY;
    }
    return addPieces(chain, address, (int) bytes, writable, host);
  }

  /**
   * Adds the buffers of a whole chain that has nothing unusual, a readable one, one of either kind
   * and a writable one; or nothing, where {@link #add} has to look.
   *
   * @param chain empty so far
   * @param address0 any value, and so are all but {@code writable}
   */
  boolean addTriple(
      DescriptorChain chain,
      long address0,
      long bytes0,
      long address1,
      long bytes1,
      boolean writable,
      long address2,
      long bytes2) {
    if ((bytes0 - 1 | bytes1 - 1 | bytes2 - 1) >>> SEGMENT_BITS != 0) {
      return false;
    }
    AddressTranslation known = translation;
    long host0 = known.known(address0, bytes0);
    long host1 = known.known(address1, bytes1);
    long host2 = known.known(address2, bytes2);
    if ((host0 | host1 | host2) < 0) {
      return false;
    }
    chain.putTriple(host0, bytes0, host1, bytes1, writable, host2, bytes2);
    chain.walked += 3;
    return true;
  }

  /**
   * A buffer that is not in one piece here: all of it or, if part of it is unknown, nothing. Each
   * answer is looked at: a map may change between two questions.
   */
  private ChainStatus addPieces(
      DescriptorChain chain, long address, int bytes, boolean writable, long translated) {
    int segmentsBefore = chain.count();
    long at = address;
    int left = bytes;
    long host = translated;
    while (host == AddressTranslation.SPANS) {
      int piece = (int) Math.min(translation.contiguous(at), left);
      if (piece <= 0) {
        break;
      }
      host = translation.translate(at, piece);
      if (host < 0) {
        break;
      }
      chain.add(host, piece, writable);
      at += piece;
      left -= piece;
      if (left == 0) {
        return ChainStatus.EMPTY;
      }
      host = translation.translate(at, left);
    }
    if (host >= 0) {
      chain.add(host, left, writable);
      return ChainStatus.EMPTY;
    }
    chain.dropBeyond(segmentsBefore);
    return host == AddressTranslation.WAIT ? ChainStatus.WAIT : ChainStatus.BAD_ADDRESS;
  }
}
