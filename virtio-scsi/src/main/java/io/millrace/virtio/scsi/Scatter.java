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

  void clear() {
    count = 0;
  }

  /** Gives room back that only an unusual chain needs. */
  void keepRoomFor(int pieces) {
    if (addresses.length > pieces) {
      addresses = new long[pieces];
      lengths = new int[pieces];
      clear();
    }
  }

  /**
   * Becomes a part of a chain's writable bytes; the chain has them.
   *
   * @param skip bytes before it
   * @param most bytes of it
   */
  void of(DescriptorChain chain, long skip, long most) {
    clear();
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
      writes.wrote(addresses[i], piece);
      done += piece;
    }
  }

  /**
   * Stores a byte now, and one at the end, where all of it is stored later: its lines, which the
   * driver's processor has, are then here by that time. What is there until then nobody looks at.
   *
   * @param at of the first piece, if that is long enough
   */
  void putFirst(int at, byte value, GuestWrites writes) {
    int last = count - 1;
    if (lengths[0] > at) {
      RawMemory.putByte(addresses[0] + at, value);
      writes.wrote(addresses[0] + at, 1);
    }
    long end = addresses[last] + lengths[last] - 1;
    RawMemory.putByte(end, (byte) 0);
    writes.wrote(end, 1);
  }

  /** Where it begins, if it is one piece of so many bytes; 0 if it is not. */
  long addressOf(int bytes) {
    return lengths[0] == bytes ? addresses[0] : 0;
  }

  boolean pointsInto(GoingMemory going) {
    boolean found = false;
    for (int i = 0; i < count && !found; i++) {
      found = going.holdsSomeOf(addresses[i], lengths[i]);
    }
    return found;
  }
}
