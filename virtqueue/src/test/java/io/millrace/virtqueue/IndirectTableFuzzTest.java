package io.millrace.virtqueue;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Any indirect table (virtio 1.3 §2.7.5.3) gives the chain that {@link ReferenceRing} reads out of
 * it, byte by byte. Input: where the table is, its bytes (2), the flags of the descriptor that
 * leads to it, then its entries of 8 bytes: place of the buffer, displacement, length (2), flags
 * (2), next (2).
 */
class IndirectTableFuzzTest {
  private static final int ENTRY = 8;
  private static final int MOST_ENTRIES = 96;
  private static final int SIZE = 4;
  private static final int HUGE = 0x80; // in the place of a buffer: as long as can be said

  private static final long[] PLACES = {
    GuestMemory.DATA,
    GuestMemory.NEXT,
    GuestMemory.HOLE,
    GuestMemory.TOP,
    -0x100,
    GuestMemory.ZERO,
    GuestMemory.RING,
    0x1234_5678L
  };

  private static final long[] TABLES = {
    GuestMemory.DATA + 0x8000,
    GuestMemory.NEXT - 32, // an entry ends where the region does
    GuestMemory.NEXT - 40, // an entry lies across two regions
    GuestMemory.HOLE - 64,
    GuestMemory.HOLE,
    -0x40,
    GuestMemory.ZERO,
    GuestMemory.DATA + 0x8001
  };

  private static RingUnderTest ring;
  private final DescriptorChain chain = new DescriptorChain();

  @BeforeAll
  static void make() throws LinuxException {
    ring = new RingUnderTest(SIZE, 0);
  }

  @AfterAll
  static void close() {
    ring.close();
  }

  @FuzzTest
  void everyTableGivesTheChainThatIsInIt(byte[] input) {
    byte[] padded = Arrays.copyOf(input, Math.max(input.length, 4 + ENTRY));
    ByteBuffer from = ByteBuffer.wrap(padded).order(ByteOrder.LITTLE_ENDIAN);
    long table = TABLES[from.get() & 7];
    int bytes = from.getShort() & 0xffff;
    int flags = from.get() & 0xff;
    forgetTheLast();
    write(table, from);
    ring.descriptor(0, table, bytes, flags ^ RingUnderTest.INDIRECT, 1);
    ring.descriptor(1, GuestMemory.DATA, 16, RingUnderTest.WRITE, 0);
    ring.avail(0, 0);
    ring.showAvailIdx(1);

    SplitDeviceQueue queue =
        ring.queueOver(
            ring.memory.map().translation(),
            VirtioFeature.INDIRECT_DESC,
            0,
            SwitchedWrites.UNTRACKED);
    ChainStatus status = queue.fetch(chain);

    ReferenceRing reference = new ReferenceRing(ring.memory, GuestMemory.RING, SIZE, true);
    ReferenceRing.Fetched expected = reference.chain(0);
    assertThat(status).isEqualTo(expected.status());
    assertThat(chain.head()).isZero();
    if (status == ChainStatus.FETCHED) {
      sameBytes(expected.bytes());
    }
  }

  private static void forgetTheLast() {
    for (GuestRegion region : ring.memory.map().regions()) {
      if (region.guestAddress() != GuestMemory.RING) {
        RawMemory.fill(region.hostAddress(), region.bytes(), (byte) 0);
      }
    }
  }

  private static void write(long table, ByteBuffer from) {
    for (int i = 0; i < MOST_ENTRIES && from.remaining() >= ENTRY; i++) {
      int place = from.get() & 0xff;
      int displacement = from.get();
      long length = from.getShort() & 0xfff;
      ByteBuffer entry = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
      entry.putLong(PLACES[place & 7] + displacement);
      entry.putInt((int) ((place & HUGE) != 0 ? -length : length));
      entry.putShort(from.getShort()).putShort(from.getShort());
      store(table + 16L * i, entry.array());
    }
  }

  /** Stores what lies in shared memory, byte by byte: an entry may lie across two regions. */
  private static void store(long guest, byte[] bytes) {
    for (int i = 0; i < bytes.length; i++) {
      long host = ring.memory.host(guest + i);
      if (host >= 0) {
        RawMemory.putByte(host, bytes[i]);
      }
    }
  }

  private void sameBytes(List<ReferenceRing.ChainByte> expected) {
    assertThat(chain.readableBytes() + chain.writableBytes()).isEqualTo(expected.size());
    int at = 0;
    for (int i = 0; i < chain.count(); i++) {
      boolean writable = i >= chain.readableCount();
      for (int j = 0; j < chain.bytes(i); j++) {
        ReferenceRing.ChainByte one = expected.get(at++);
        if (one.host() != chain.address(i) + j || one.writable() != writable) {
          throw new AssertionError("byte " + (at - 1) + " of the chain is another");
        }
      }
    }
  }
}
