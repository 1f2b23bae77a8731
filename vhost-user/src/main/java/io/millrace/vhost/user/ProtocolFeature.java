package io.millrace.vhost.user;

import java.util.EnumSet;
import java.util.Set;

/** Protocol feature bits ("Protocol features" in vhost-user.rst, numbers of QEMU's header). */
public enum ProtocolFeature {
  /** GET_QUEUE_NUM is valid. */
  MQ(0),
  /** The dirty log comes as a file descriptor. */
  LOG_SHMFD(1),
  /** Network only. */
  RARP(2),
  /** The need-reply bit of a header is honoured. */
  REPLY_ACK(3),
  /** Network only. */
  MTU(4),
  /** The back-end may send requests over a socket of its own. */
  BACKEND_REQ(5),
  /** SET_VRING_ENDIAN is valid. */
  CROSS_ENDIAN(6),
  /** Crypto only. */
  CRYPTO_SESSION(7),
  /** Post-copy migration. */
  PAGEFAULT(8),
  /** GET_CONFIG and SET_CONFIG are valid. */
  CONFIG(9),
  /** The back-end's requests may carry file descriptors. */
  BACKEND_SEND_FD(10),
  /** Doorbell pages may be mapped into the guest. */
  HOST_NOTIFIER(11),
  /** In-flight requests are kept in shared memory. */
  INFLIGHT_SHMFD(12),
  /** RESET_DEVICE is valid. */
  RESET_DEVICE(13),
  /** Kicks and calls may be messages. QEMU acknowledges it and never sends one. */
  INBAND_NOTIFICATIONS(14),
  /** Memory regions come and go one by one. */
  CONFIGURE_MEM_SLOTS(15),
  /** SET_STATUS and GET_STATUS are valid. */
  STATUS(16),
  /** Xen only. */
  XEN_MMAP(17),
  /** Objects are exchanged by UUID. */
  SHARED_OBJECT(18),
  /** The device's inner state can be moved. */
  DEVICE_STATE(19),
  /** GET_VRING_BASE need not drain: the in-flight region moves along. */
  GET_VRING_BASE_INFLIGHT(20),
  /** Addresses in messages are guest physical addresses. */
  GPA_ADDRESSES(21),
  /** VIRTIO shared memory regions. */
  SHMEM(22),
  /** GET_VRING_BASE_SKIP_DRAIN is valid. */
  GET_VRING_BASE_SKIP_DRAIN(23);

  /**
   * Virtio feature bit that says a back-end has protocol features at all
   * (VHOST_USER_F_PROTOCOL_FEATURES).
   */
  public static final int VIRTIO_BIT = 30;

  /** Virtio feature bit by which the front-end switches the dirty log (VHOST_F_LOG_ALL). */
  public static final int LOG_ALL_VIRTIO_BIT = 26;

  private final int bit;

  ProtocolFeature(int bit) {
    this.bit = bit;
  }

  /**
   * Bit number.
   *
   * @return 0 to 23
   */
  public int bit() {
    return bit;
  }

  /**
   * This feature's bit in place.
   *
   * @return one bit set
   */
  public long mask() {
    return 1L << bit;
  }

  /**
   * Whether a word of bits has this feature.
   *
   * @param bits protocol feature bits
   * @return true when set
   */
  public boolean in(long bits) {
    return (bits & mask()) != 0;
  }

  /**
   * Bits of several features.
   *
   * @param features any
   * @return their bits
   */
  public static long mask(Set<ProtocolFeature> features) {
    long bits = 0;
    for (ProtocolFeature feature : features) {
      bits |= feature.mask();
    }
    return bits;
  }

  /**
   * Features of a word of bits; bits without a name are left out.
   *
   * @param bits protocol feature bits
   * @return a new set
   */
  public static EnumSet<ProtocolFeature> set(long bits) {
    EnumSet<ProtocolFeature> features = EnumSet.noneOf(ProtocolFeature.class);
    for (ProtocolFeature feature : values()) {
      if (feature.in(bits)) {
        features.add(feature);
      }
    }
    return features;
  }
}
