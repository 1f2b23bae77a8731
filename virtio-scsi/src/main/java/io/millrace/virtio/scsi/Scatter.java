package io.millrace.virtio.scsi;

import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.server.GoingMemory;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.GuestWrites;
import java.util.Arrays;

/** Pieces of guest memory, in their order: where bytes of the device go. Data path. */
final class Scatter {
  private long[] addresses = new long[2];
  private int[] lengths = new int[2];
  private int count;

  /**
   * Is nowhere.
   *
   * @param keep pieces to have room for from then on: only an unusual chain needs more
   */
  void clear(int keep) {
    if (count == 0) {
      return;
    }
    count = 0;
    if (addresses.length > keep) {
      addresses = new long[keep];
      lengths = new int[keep];
    }
  }

  /**
   * Becomes a part of a chain's writable bytes; the chain has them.
   *
   * @param skip bytes before it
   * @param most bytes of it
   */
  void of(DescriptorChain chain, long skip, long most) {
    count = 0;
    long before = skip;
    long left = most;
    for (int i = chain.readableCount(); i < chain.count() && left > 0; i++) {
      long here = chain.bytes(i) - before;
      if (here > 0) {
        int piece = (int) Math.min(here, left);
        add(chain.address(i) + before, piece);
        left -= piece;
        before = 0;
      } else {
        before -= chain.bytes(i);
      }
    }
  }

  private void add(long address, int length) {
    if (count == addresses.length) {
      addresses = Arrays.copyOf(addresses, count * 2);
      lengths = Arrays.copyOf(lengths, count * 2);
    }
    addresses[count] = address;
    lengths[count] = length;
    count++;
  }

  /** Stores bytes there, from its start; there is room. */
  void put(byte[] from, int size, GuestWrites writes) {
    int done = 0;
    for (int i = 0; done < size; i++) {
      int piece = Math.min(lengths[i], size - done);
      if (piece <= ScsiRequest.RESPONSE_BYTES) {
        RawMemory.putWords(from, done, piece, addresses[i]);
      } else {
        RawMemory.put(from, done, piece, addresses[i]);
      }
      writes.wroteAmong(addresses[i], piece);
      done += piece;
    }
  }

  boolean pointsInto(GoingMemory going) {
    boolean found = false;
    for (int i = 0; i < count && !found; i++) {
      found = going.holdsSomeOf(addresses[i], lengths[i]);
    }
    return found;
  }
}
