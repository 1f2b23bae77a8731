package io.millrace.virtqueue;

import io.millrace.linux.RawMemory;

/**
 * Follows a chain of a split ring from descriptor to descriptor, in the ring's table or an indirect
 * one (virtio 1.3 §2.7.5). Data-path code of one queue.
 *
 * <p>Most chains are three descriptors, which are followed at once, and nearly all others have
 * nothing unusual: those are followed in a loop that the compiler keeps in registers, as it has
 * next to nothing to keep ({@code docs/hot-path.md}).
 */
final class SplitWalk {
  private static final int MOST_INDEX = 0xffff;
  private static final int SHAPE = VirtqDesc.F_NEXT | VirtqDesc.F_WRITE | VirtqDesc.F_INDIRECT;

  private final ChainBuffers buffers;

  SplitWalk(ChainBuffers buffers) {
    this.buffers = buffers;
  }

  /**
   * Follows a chain from where it stands; leaves it standing on WAIT.
   *
   * @return FETCHED, WAIT, or what is wrong
   */
  ChainStatus follow(DescriptorChain chain) {
    while (!isTriple(chain) && (isIndirect(chain) || !isPlain(chain))) {
      if (chain.seen >= chain.tableSize) {
        return ChainStatus.TOO_LONG;
      }
      ChainStatus status = step(chain);
      if (status != ChainStatus.EMPTY) {
        return status;
      }
    }
    return ChainStatus.FETCHED;
  }

  /**
   * Follows a chain of which nothing was added yet, if it is what most requests are: a descriptor
   * for the device to read, one with data, and one for its answer. They are loaded before any is
   * added: fields that are of use behind a load have to be loaded after it, so to load and add one
   * after the other takes twice the instructions. Of a chain that is anything else nothing is kept.
   */
  private boolean isTriple(DescriptorChain chain) {
    int size = chain.tableHost == 0 ? 0 : chain.tableSize;
    int index = chain.nextIndex & MOST_INDEX;
    if (index >= size || chain.count() > 0) {
      return false;
    }
    long table = RawMemory.base(chain.tableHost);
    long first = table + (long) index * VirtqDesc.SIZE;
    long address0 = VirtqDesc.addr(first);
    long rest0 = VirtqDesc.lenFlagsNext(first);
    index = VirtqDesc.next(rest0);
    if ((VirtqDesc.flags(rest0) & SHAPE) != VirtqDesc.F_NEXT || index >= size) {
      return false;
    }
    long second = table + (long) index * VirtqDesc.SIZE;
    long address1 = VirtqDesc.addr(second);
    long rest1 = VirtqDesc.lenFlagsNext(second);
    boolean writable = (VirtqDesc.flags(rest1) & VirtqDesc.F_WRITE) != 0;
    index = VirtqDesc.next(rest1);
    if ((VirtqDesc.flags(rest1) & (SHAPE ^ VirtqDesc.F_WRITE)) != VirtqDesc.F_NEXT
        || index >= size) {
      return false;
    }
    long third = table + (long) index * VirtqDesc.SIZE;
    long address2 = VirtqDesc.addr(third);
    long rest2 = VirtqDesc.lenFlagsNext(third);
    long bytes0 = VirtqDesc.len(rest0);
    long bytes1 = VirtqDesc.len(rest1);
    long bytes2 = VirtqDesc.len(rest2);
    return (VirtqDesc.flags(rest2) & SHAPE) == VirtqDesc.F_WRITE
        && buffers.addTriple(chain, address0, bytes0, address1, bytes1, writable, address2, bytes2);
  }

  /** Only for the choice of a way: whoever goes it looks again, and may find something else. */
  private static boolean isIndirect(DescriptorChain chain) {
    long entry = chain.tableHost + (long) chain.nextIndex * VirtqDesc.SIZE;
    return chain.tableHost != 0
        && chain.nextIndex < chain.tableSize
        && (VirtqDesc.flags(VirtqDesc.lenFlagsNext(entry)) & VirtqDesc.F_INDIRECT) != 0;
  }

  /**
   * Follows a chain from where it stands to its end, or to a descriptor that has something unusual,
   * of which nothing is kept. There is no call in the loop, and where it stands is all that is in
   * locals, or the compiler would keep nothing of it in registers.
   */
  private boolean isPlain(DescriptorChain chain) {
    AddressTranslation translation = buffers.translation();
    long table = RawMemory.base(chain.tableHost);
    int size = chain.tableHost == 0 ? 0 : chain.tableSize;
    int index = chain.nextIndex & MOST_INDEX; // which it never exceeds, as the compiler must know
    int seen = chain.seen;
    boolean ended = false;
    while (!ended && seen < size && index < size) {
      long entry = table + (long) index * VirtqDesc.SIZE;
      long address = VirtqDesc.addr(entry);
      long rest = VirtqDesc.lenFlagsNext(entry);
      long bytes = VirtqDesc.len(rest);
      int flags = VirtqDesc.flags(rest);
      boolean writable = (flags & VirtqDesc.F_WRITE) != 0;
      if ((flags & VirtqDesc.F_INDIRECT) != 0
          || bytes == 0
          || bytes > DescriptorChain.MAX_SEGMENT_BYTES
          || (!writable && chain.writableBytes() > 0)) {
        break;
      }
      long host = translation.known(address, bytes);
      if (host < 0 || !chain.hasRoom()) {
        break;
      }
      chain.put(host, bytes, writable);
      seen++;
      index = VirtqDesc.next(rest);
      ended = (flags & VirtqDesc.F_NEXT) == 0;
    }
    chain.nextIndex = index;
    chain.walked += seen - chain.seen;
    chain.seen = seen;
    return ended;
  }

  /** Takes one descriptor; EMPTY means that the chain goes on. */
  private ChainStatus step(DescriptorChain chain) {
    int index = chain.nextIndex;
    if (index >= chain.tableSize) {
      return ChainStatus.BAD_INDEX;
    }
    long entry = buffers.tableEntry(chain, index);
    if (entry < 0) {
      return entry == AddressTranslation.WAIT ? ChainStatus.WAIT : ChainStatus.BAD_INDIRECT;
    }
    chain.walked++;
    long address = VirtqDesc.addr(entry);
    long rest = VirtqDesc.lenFlagsNext(entry);
    int flags = VirtqDesc.flags(rest);
    boolean goesOn = (flags & VirtqDesc.F_NEXT) != 0;
    if ((flags & VirtqDesc.F_INDIRECT) != 0) {
      return buffers.enterTable(chain, address, VirtqDesc.len(rest), goesOn);
    }
    ChainStatus status =
        buffers.add(chain, address, VirtqDesc.len(rest), (flags & VirtqDesc.F_WRITE) != 0);
    if (status != ChainStatus.EMPTY) {
      return status;
    }
    chain.seen++;
    chain.nextIndex = VirtqDesc.next(rest);
    return goesOn ? ChainStatus.EMPTY : ChainStatus.FETCHED;
  }
}
