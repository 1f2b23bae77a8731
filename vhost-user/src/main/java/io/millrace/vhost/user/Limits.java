package io.millrace.vhost.user;

/** The bounds of one vhost-user message; whatever exceeds them ends the connection. */
public final class Limits {
  /** Largest payload in bytes that is read or written; a header that says more is refused. */
  public static final int MAX_PAYLOAD_BYTES = 4096;

  /** Most file descriptors one message may carry. */
  public static final int MAX_DESCRIPTORS = 8;

  /** Most regions in one SET_MEM_TABLE (VHOST_MEMORY_BASELINE_NREGIONS). */
  public static final int MAX_TABLE_REGIONS = 8;

  /** Most memory slots by ADD_MEM_REG (VHOST_USER_MAX_RAM_SLOTS of libvhost-user). */
  public static final int MAX_MEMORY_SLOTS = 509;

  /** Size in bytes of the device configuration space that messages can reach. */
  public static final int MAX_CONFIG_BYTES = 256;

  /** Largest vring index: the messages with descriptors have eight bits for it. */
  public static final int MAX_VRING_INDEX = 255;

  /** Most shared memory regions in the reply to GET_SHMEM_CONFIG. */
  public static final int MAX_SHARED_MEMORY_REGIONS = 256;

  private Limits() {}
}
