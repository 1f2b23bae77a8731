package io.millrace.vhost.user;

import java.util.List;

/** The payload of a reply. Its header repeats the request's code. */
public sealed interface Reply {
  /** No payload: GET_CONFIG that failed, SET_LOG_BASE of some back-ends, POSTCOPY_ADVISE. */
  record Empty() implements Reply {}

  /**
   * One 64-bit number: a value that was asked for, or the status of a message with need-reply, 0
   * for success.
   */
  record Word(long value) implements Reply {
    /** Status of success. */
    public static final Word OK = new Word(0);

    /** Status of failure. */
    public static final Word FAILED = new Word(1);
  }

  /** Where a ring stands (GET_VRING_BASE); layout of the number as in SET_VRING_BASE. */
  record Vring(VringState state) implements Reply {}

  /** Configuration (GET_CONFIG): same place and length as asked. */
  record Config(ConfigAccess access) implements Reply {}

  /** An in-flight region (GET_INFLIGHT_FD); its descriptor comes along. */
  record Inflight(InflightArea area) implements Reply {}

  /** Where the back-end mapped memory (SET_MEM_TABLE and ADD_MEM_REG during post-copy). */
  record Memory(List<MemoryRegion> regions) implements Reply {
    /** Copies the list. */
    public Memory {
      regions = List.copyOf(regions);
    }
  }

  /** Where the back-end mapped one region (ADD_MEM_REG during post-copy). */
  record OneRegion(MemoryRegion region) implements Reply {}

  /** Sizes in bytes of the shared memory regions by their id, 0 for none (GET_SHMEM_CONFIG). */
  record SharedMemory(List<Long> sizes) implements Reply {
    /** Copies the list. */
    public SharedMemory {
      sizes = List.copyOf(sizes);
    }
  }

  /** Bytes that nothing here looks into (CREATE_CRYPTO_SESSION, GET_SHARED_OBJECT). */
  record Opaque(ByteString payload) implements Reply {}
}
