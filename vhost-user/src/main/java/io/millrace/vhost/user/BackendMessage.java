package io.millrace.vhost.user;

/**
 * A request of the back-end over the reverse socket, decoded ("Back-end message types" in
 * vhost-user.rst).
 */
public sealed interface BackendMessage {
  /**
   * The message's request code.
   *
   * @return never null
   */
  BackendRequest request();

  /** A translation is missing or an access failed. */
  record Iotlb(IotlbEntry entry) implements BackendMessage {
    @Override
    public BackendRequest request() {
      return BackendRequest.IOTLB_MSG;
    }
  }

  /** The configuration space changed: read it again. */
  record ConfigChange() implements BackendMessage {
    @Override
    public BackendRequest request() {
      return BackendRequest.CONFIG_CHANGE_MSG;
    }
  }

  /**
   * A doorbell page ("Vring area description").
   *
   * @param ring index in bits 0-7, bit 8 set when no descriptor comes along
   * @param size bytes to map
   * @param offset in the file
   */
  record HostNotifier(long ring, long size, long offset) implements BackendMessage {
    @Override
    public BackendRequest request() {
      return BackendRequest.VRING_HOST_NOTIFIER_MSG;
    }
  }

  /** A call in-band. */
  record VringCall(int index) implements BackendMessage {
    @Override
    public BackendRequest request() {
      return BackendRequest.VRING_CALL;
    }
  }

  /** A ring error in-band. */
  record VringErr(int index) implements BackendMessage {
    @Override
    public BackendRequest request() {
      return BackendRequest.VRING_ERR;
    }
  }

  /**
   * A message about an object with a UUID of 16 bytes.
   *
   * @param request SHARED_OBJECT_ADD, SHARED_OBJECT_REMOVE or SHARED_OBJECT_LOOKUP
   * @param uuid 16 bytes
   */
  record SharedObject(BackendRequest request, ByteString uuid) implements BackendMessage {}

  /** Map part of the file that comes along into a shared memory region. */
  record ShmemMap(SharedMapping mapping) implements BackendMessage {
    @Override
    public BackendRequest request() {
      return BackendRequest.SHMEM_MAP;
    }
  }

  /** Take a mapping away. */
  record ShmemUnmap(SharedMapping mapping) implements BackendMessage {
    @Override
    public BackendRequest request() {
      return BackendRequest.SHMEM_UNMAP;
    }
  }
}
