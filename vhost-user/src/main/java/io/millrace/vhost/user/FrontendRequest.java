package io.millrace.vhost.user;

import org.jspecify.annotations.Nullable;

/**
 * Requests from the front-end to the back-end ("Front-end message types" in vhost-user.rst), with
 * the bounds of their payload and of the descriptors they carry. Numbers 44 and 45 are those of
 * QEMU's header.
 */
public enum FrontendRequest {
  /** Ask for the device's feature bits. */
  GET_FEATURES(1, 0),
  /** Acknowledge feature bits. */
  SET_FEATURES(2, 8),
  /** Start of a session. */
  SET_OWNER(3, 0),
  /** Deprecated: stop all rings. */
  RESET_OWNER(4, 0),
  /** Replace the whole memory table. */
  SET_MEM_TABLE(5, 8, 8 + 32 * Limits.MAX_TABLE_REGIONS, 0, Limits.MAX_TABLE_REGIONS),
  /** Give the dirty-page log. */
  SET_LOG_BASE(6, 16, 16, 0, 1),
  /** Give the event descriptor of the dirty-page log. */
  SET_LOG_FD(7, 0, 0, 1, 1),
  /** Set a ring's size. */
  SET_VRING_NUM(8, 8),
  /** Set a ring's addresses. */
  SET_VRING_ADDR(9, 40),
  /** Set where a ring goes on. */
  SET_VRING_BASE(10, 8),
  /** Stop a ring and ask where it stands. */
  GET_VRING_BASE(11, 8),
  /** Give the descriptor by which the driver kicks; starts the ring. */
  SET_VRING_KICK(12, 8, 8, 0, 1),
  /** Give the descriptor by which the device calls. */
  SET_VRING_CALL(13, 8, 8, 0, 1),
  /** Give the descriptor by which the device reports ring errors. */
  SET_VRING_ERR(14, 8, 8, 0, 1),
  /** Ask for the protocol feature bits. */
  GET_PROTOCOL_FEATURES(15, 0),
  /** Acknowledge protocol feature bits. */
  SET_PROTOCOL_FEATURES(16, 8),
  /** Ask how many queues there are. */
  GET_QUEUE_NUM(17, 0),
  /** Enable or disable a ring. */
  SET_VRING_ENABLE(18, 8),
  /** Network only. */
  SEND_RARP(19, 8),
  /** Network only. */
  NET_SET_MTU(20, 8),
  /** Give the socket for requests of the back-end. */
  SET_BACKEND_REQ_FD(21, 0, 0, 1, 1),
  /** Update or invalidate an address translation. */
  IOTLB_MSG(22, 32),
  /** Set a legacy ring's byte order. */
  SET_VRING_ENDIAN(23, 8),
  /** Read the device's configuration space. */
  GET_CONFIG(24, 12, 12 + Limits.MAX_CONFIG_BYTES, 0, 0),
  /** Write the device's configuration space. */
  SET_CONFIG(25, 12, 12 + Limits.MAX_CONFIG_BYTES, 0, 0),
  /** Crypto only; the payload stays opaque. */
  CREATE_CRYPTO_SESSION(26, 0, Limits.MAX_PAYLOAD_BYTES, 0, 0),
  /** Crypto only. */
  CLOSE_CRYPTO_SESSION(27, 8),
  /** Post-copy migration is under way. */
  POSTCOPY_ADVISE(28, 0),
  /** Post-copy begins. */
  POSTCOPY_LISTEN(29, 0),
  /** Post-copy is complete. */
  POSTCOPY_END(30, 0),
  /** Ask for an in-flight region. */
  GET_INFLIGHT_FD(31, 20, 24, 0, 0),
  /** Give the in-flight region back. */
  SET_INFLIGHT_FD(32, 20, 24, 1, 1),
  /** GPU only. */
  GPU_SET_SOCKET(33, 0, 0, 1, 1),
  /** Disable all rings and reset the device. */
  RESET_DEVICE(34, 0),
  /** A kick in-band. */
  VRING_KICK(35, 8),
  /** Ask how many memory slots there are. */
  GET_MAX_MEM_SLOTS(36, 0),
  /** Add one memory region. */
  ADD_MEM_REG(37, 40, 40, 1, 1),
  /** Remove one memory region; older front-ends send a descriptor that is only closed. */
  REM_MEM_REG(38, 40, 40, 0, 1),
  /** Set the virtio device status. */
  SET_STATUS(39, 8),
  /** Ask for the virtio device status. */
  GET_STATUS(40, 0),
  /** Ask for a shared object by its UUID. */
  GET_SHARED_OBJECT(41, 16),
  /** Give the pipe for the device's state. */
  SET_DEVICE_STATE_FD(42, 8, 8, 1, 1),
  /** Ask whether the state's transfer succeeded. */
  CHECK_DEVICE_STATE(43, 0),
  /** Ask for the shared memory regions. */
  GET_SHMEM_CONFIG(44, 0),
  /** Stop a ring without draining it. */
  GET_VRING_BASE_SKIP_DRAIN(45, 8);

  private static final @Nullable FrontendRequest[] BY_CODE = new @Nullable FrontendRequest[46];

  static {
    for (FrontendRequest request : values()) {
      BY_CODE[request.code] = request;
    }
  }

  private final int code;
  private final int minPayload;
  private final int maxPayload;
  private final int minDescriptors;
  private final int maxDescriptors;

  FrontendRequest(int code, int payload) {
    this(code, payload, payload, 0, 0);
  }

  FrontendRequest(int code, int minPayload, int maxPayload, int minDescriptors, int maxDescs) {
    this.code = code;
    this.minPayload = minPayload;
    this.maxPayload = maxPayload;
    this.minDescriptors = minDescriptors;
    this.maxDescriptors = maxDescs;
  }

  /**
   * Looks a code up.
   *
   * @param code any number
   * @return the request, or null when the protocol has none of that code
   */
  public static @Nullable FrontendRequest of(int code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
  }

  /**
   * The number on the wire.
   *
   * @return 1 to 45
   */
  public int code() {
    return code;
  }

  /**
   * Fewest descriptors this request carries.
   *
   * @return 0 or 1
   */
  public int minDescriptors() {
    return minDescriptors;
  }

  /**
   * Most descriptors this request may carry.
   *
   * @return 0 to {@link Limits#MAX_DESCRIPTORS}
   */
  public int maxDescriptors() {
    return maxDescriptors;
  }

  /**
   * Refuses what this request can never look like.
   *
   * @param payloadBytes size of the payload
   * @param descriptors file descriptors that came with it
   */
  void check(int payloadBytes, int descriptors) throws ProtocolException {
    WireCheck.size(name(), payloadBytes, minPayload, maxPayload);
    WireCheck.descriptors(name(), descriptors, minDescriptors, maxDescriptors);
  }
}
