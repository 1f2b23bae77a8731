package io.millrace.nvme.model;

import io.millrace.linux.RawMemory;

/**
 * The memory that a command's data pointer describes (base specification 2.0 §4.1), as pieces of
 * host memory. Strict: what "may be reported" as an error is.
 */
final class DataPointer {
  private static final int MOST_PIECES = 1 << 16;
  private static final int SGL_BYTES = 16;
  private static final int SGL_DATA_BLOCK = 0x00; // type in the upper four bits, subtype address
  private static final int SGL_SEGMENT = 0x20;
  private static final int SGL_LAST_SEGMENT = 0x30;
  private static final int SGL_DWORDS_ONLY = 2;
  private static final int PSDT_PRP = 0;
  private static final int PSDT_RESERVED = 3;

  private final ModelDma dma;
  private final Violations violations;
  private final long[] address = new long[MOST_PIECES];
  private final long[] length = new long[MOST_PIECES];
  private int pieces;

  DataPointer(ModelDma dma, Violations violations) {
    this.dma = dma;
    this.violations = violations;
  }

  /**
   * Resolves the data pointer of a command.
   *
   * @param bytes what it transfers, at least 1
   * @param pageBytes as CC.MPS says
   * @param sgls as in {@link ModelOptions#sgls}; 0 allows none
   * @return a {@link Status}
   */
  int resolve(Command command, long bytes, int pageBytes, int sgls, boolean longer) {
    pieces = 0;
    if (command.psdt() == PSDT_PRP) {
      return prp(command.prp1(), command.prp2(), bytes, pageBytes);
    }
    if (sgls == 0 || command.psdt() == PSDT_RESERVED) {
      return Status.INVALID_FIELD;
    }
    return sgl(command.prp1(), command.prp2(), bytes, sgls, longer);
  }

  /** Copies what is there to the pieces. */
  void write(long from, long bytes) {
    long done = 0;
    for (int i = 0; i < pieces && done < bytes; i++) {
      long count = Math.min(length[i], bytes - done);
      RawMemory.copy(from + done, address[i], count);
      done += count;
    }
  }

  /** Copies the pieces to there. */
  void read(long to, long bytes) {
    long done = 0;
    for (int i = 0; i < pieces && done < bytes; i++) {
      long count = Math.min(length[i], bytes - done);
      RawMemory.copy(address[i], to + done, count);
      done += count;
    }
  }

  /** Whether the pieces have the same bytes. */
  boolean equalTo(long other, long bytes) {
    long done = 0;
    for (int i = 0; i < pieces && done < bytes; i++) {
      long count = Math.min(length[i], bytes - done);
      if (RawMemory.segment(address[i], count).mismatch(RawMemory.segment(other + done, count))
          != -1) {
        return false;
      }
      done += count;
    }
    return true;
  }

  /** Writes bytes of the model's own making to the pieces. */
  void write(byte[] from, int offset, int bytes) {
    int done = 0;
    for (int i = 0; i < pieces && done < bytes; i++) {
      int count = (int) Math.min(length[i], bytes - done);
      RawMemory.put(from, offset + done, count, address[i]);
      done += count;
    }
  }

  private int prp(long prp1, long prp2, long bytes, int pageBytes) {
    int offset = (int) (prp1 & (pageBytes - 1));
    if ((offset & 3) != 0) {
      return Status.INVALID_PRP_OFFSET;
    }
    long first = Math.min(bytes, pageBytes - offset);
    if (!add(prp1, first)) {
      return Status.DATA_TRANSFER_ERROR;
    }
    long left = bytes - first;
    if (left == 0) {
      return Status.SUCCESS;
    }
    if (left <= pageBytes) {
      return page(prp2, left, pageBytes);
    }
    return (prp2 & 7) != 0 ? Status.INVALID_PRP_OFFSET : list(prp2, left, pageBytes);
  }

  private int list(long start, long bytes, int pageBytes) {
    long left = bytes;
    long at = start;
    while (left > 0) {
      long entry = dma.translate(at, Long.BYTES);
      if (entry == ModelDma.NOT_MAPPED) {
        return fault(at, Long.BYTES);
      }
      long value = RawMemory.getLong(entry);
      boolean lastOfPage = ((at + Long.BYTES) & (pageBytes - 1)) == 0;
      if (lastOfPage && left > pageBytes) {
        if ((value & (pageBytes - 1)) != 0) {
          return Status.INVALID_PRP_OFFSET;
        }
        at = value;
        continue;
      }
      int status = page(value, Math.min(left, pageBytes), pageBytes);
      if (status != Status.SUCCESS) {
        return status;
      }
      left -= Math.min(left, pageBytes);
      at += Long.BYTES;
    }
    return Status.SUCCESS;
  }

  private int page(long prp, long bytes, int pageBytes) {
    if ((prp & (pageBytes - 1)) != 0) {
      return Status.INVALID_PRP_OFFSET;
    }
    return add(prp, bytes) ? Status.SUCCESS : Status.DATA_TRANSFER_ERROR;
  }

  private int sgl(long first, long second, long bytes, int sgls, boolean longer) {
    int type = typeOf(second);
    if (type == SGL_DATA_BLOCK) {
      long described = lengthOf(second);
      return described < bytes || (described > bytes && !longer)
          ? Status.DATA_SGL_LENGTH_INVALID
          : block(first, second, Math.min(described, bytes), sgls);
    }
    long segment = first;
    long descriptor = second;
    long left = bytes;
    while (true) {
      int status = checkSegment(segment, descriptor);
      if (status != Status.SUCCESS) {
        return status;
      }
      boolean last = typeOf(descriptor) == SGL_LAST_SEGMENT;
      int count = (int) (lengthOf(descriptor) / SGL_BYTES);
      long host = dma.translate(segment, lengthOf(descriptor));
      if (host == ModelDma.NOT_MAPPED) {
        return fault(segment, lengthOf(descriptor));
      }
      int blocks = last ? count : count - 1;
      for (int i = 0; i < blocks; i++) {
        long block = RawMemory.getLong(host + (long) i * SGL_BYTES);
        long what = RawMemory.getLong(host + (long) i * SGL_BYTES + 8);
        if (lengthOf(what) > left && !longer) {
          return Status.DATA_SGL_LENGTH_INVALID;
        }
        status = block(block, what, Math.min(left, lengthOf(what)), sgls);
        if (status != Status.SUCCESS) {
          return status;
        }
        left -= Math.min(left, lengthOf(what));
      }
      if (last) {
        return left > 0 ? Status.DATA_SGL_LENGTH_INVALID : Status.SUCCESS;
      }
      segment = RawMemory.getLong(host + (long) blocks * SGL_BYTES);
      descriptor = RawMemory.getLong(host + (long) blocks * SGL_BYTES + 8);
      int next = typeOf(descriptor);
      if (next != SGL_SEGMENT && next != SGL_LAST_SEGMENT) {
        return Status.INVALID_SGL_SEGMENT_DESCRIPTOR; // a segment that is not the last leads on
      }
    }
  }

  private static int checkSegment(long segment, long descriptor) {
    int type = typeOf(descriptor);
    if ((type != SGL_SEGMENT && type != SGL_LAST_SEGMENT) || hasReservedBits(descriptor)) {
      return Status.SGL_DESCRIPTOR_TYPE_INVALID;
    }
    long bytes = lengthOf(descriptor);
    boolean whole = bytes > 0 && bytes % SGL_BYTES == 0 && (segment & 7) == 0;
    return whole ? Status.SUCCESS : Status.INVALID_SGL_SEGMENT_DESCRIPTOR;
  }

  private int block(long at, long descriptor, long bytes, int sgls) {
    int type = typeOf(descriptor);
    if (type == SGL_SEGMENT || type == SGL_LAST_SEGMENT) {
      return Status.INVALID_SGL_SEGMENT_DESCRIPTOR; // only at the end of a segment
    }
    if (type != SGL_DATA_BLOCK || hasReservedBits(descriptor)) {
      return Status.SGL_DESCRIPTOR_TYPE_INVALID;
    }
    if (sgls == SGL_DWORDS_ONLY && ((at | lengthOf(descriptor)) & 3) != 0) {
      return Status.SGL_DATA_BLOCK_GRANULARITY_INVALID;
    }
    return bytes == 0 || add(at, bytes) ? Status.SUCCESS : Status.DATA_TRANSFER_ERROR;
  }

  /** Type and subtype of a descriptor, from its second half. */
  private static int typeOf(long second) {
    return (int) (second >>> 56);
  }

  private static long lengthOf(long second) {
    return second & 0xffff_ffffL;
  }

  private static boolean hasReservedBits(long second) {
    return (second >>> Integer.SIZE & 0xff_ffff) != 0;
  }

  private boolean add(long iova, long bytes) {
    long host = dma.translate(iova, bytes);
    if (host == ModelDma.NOT_MAPPED || pieces == MOST_PIECES) {
      fault(iova, bytes);
      return false;
    }
    address[pieces] = host;
    length[pieces] = bytes;
    pieces++;
    return true;
  }

  private int fault(long iova, long bytes) {
    violations.add("DMA to 0x%x, %d bytes: not mapped".formatted(iova, bytes));
    return Status.DATA_TRANSFER_ERROR;
  }
}
