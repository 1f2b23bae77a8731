package io.millrace.vhost.user;

import org.jspecify.annotations.Nullable;

/**
 * Requests from the back-end to the front-end over the socket of SET_BACKEND_REQ_FD ("Back-end
 * message types" in vhost-user.rst), with the bounds of their payload and descriptors.
 */
public enum BackendRequest {
  /** A translation is missing, or an access failed. */
  IOTLB_MSG(1, 32, 0, 0),
  /** The configuration space changed. */
  CONFIG_CHANGE_MSG(2, 0, 0, 0),
  /** Map a doorbell page into the guest, or take it away. */
  VRING_HOST_NOTIFIER_MSG(3, 24, 0, 1),
  /** A call in-band. */
  VRING_CALL(4, 8, 0, 0),
  /** A ring error in-band. */
  VRING_ERR(5, 8, 0, 0),
  /** A shared object exists. */
  SHARED_OBJECT_ADD(6, 16, 0, 0),
  /** A shared object is gone. */
  SHARED_OBJECT_REMOVE(7, 16, 0, 0),
  /** Ask for a shared object. */
  SHARED_OBJECT_LOOKUP(8, 16, 0, 0),
  /** Map part of a file into a shared memory region. */
  SHMEM_MAP(9, 40, 1, 1),
  /** Take such a mapping away. */
  SHMEM_UNMAP(10, 40, 0, 0);

  private static final @Nullable BackendRequest[] BY_CODE = new @Nullable BackendRequest[11];

  static {
    for (BackendRequest request : values()) {
      BY_CODE[request.code] = request;
    }
  }

  private final int code;
  private final int payload;
  private final int minDescriptors;
  private final int maxDescriptors;

  BackendRequest(int code, int payload, int minDescriptors, int maxDescriptors) {
    this.code = code;
    this.payload = payload;
    this.minDescriptors = minDescriptors;
    this.maxDescriptors = maxDescriptors;
  }

  /**
   * Looks a code up.
   *
   * @param code any number
   * @return the request, or null when the protocol has none of that code
   */
  public static @Nullable BackendRequest of(int code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
  }

  /**
   * The number on the wire.
   *
   * @return 1 to 10
   */
  public int code() {
    return code;
  }

  /**
   * Refuses what this request can never look like.
   *
   * @param payloadBytes size of the payload
   * @param descriptors file descriptors that came with it
   */
  void check(int payloadBytes, int descriptors) throws ProtocolException {
    WireCheck.size(name(), payloadBytes, payload, payload);
    WireCheck.descriptors(name(), descriptors, minDescriptors, maxDescriptors);
  }
}
