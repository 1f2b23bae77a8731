package io.millrace.initiator;

import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.virtqueue.VirtioFeature;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * How a {@link Frontend} behaves.
 *
 * @param connectWithin how long to try again while nobody listens; zero for one try
 * @param timeout most to wait for one answer
 * @param features virtio feature bits to acknowledge where offered
 * @param protocolFeatures protocol features to acknowledge where offered
 */
public record FrontendOptions(
    Duration connectWithin,
    Duration timeout,
    long features,
    Set<ProtocolFeature> protocolFeatures) {
  private static final long RING_FEATURES =
      VirtioFeature.VERSION_1
          | VirtioFeature.INDIRECT_DESC
          | VirtioFeature.EVENT_IDX
          | 1L << ProtocolFeature.VIRTIO_BIT;

  /** Copies the set. */
  public FrontendOptions {
    protocolFeatures = Set.copyOf(protocolFeatures);
  }

  /**
   * One try to connect, ten seconds for an answer, all that the split ring and this front-end can
   * do.
   */
  public static FrontendOptions defaults() {
    return new FrontendOptions(
        Duration.ZERO,
        Duration.ofSeconds(10),
        RING_FEATURES,
        EnumSet.of(
            ProtocolFeature.MQ,
            ProtocolFeature.LOG_SHMFD,
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.BACKEND_REQ,
            ProtocolFeature.CONFIG,
            ProtocolFeature.INFLIGHT_SHMFD,
            ProtocolFeature.RESET_DEVICE,
            ProtocolFeature.CONFIGURE_MEM_SLOTS,
            ProtocolFeature.STATUS,
            ProtocolFeature.GET_VRING_BASE_INFLIGHT,
            ProtocolFeature.GET_VRING_BASE_SKIP_DRAIN));
  }

  /** With another time to wait for somebody to listen. */
  public FrontendOptions withConnectWithin(Duration duration) {
    return new FrontendOptions(duration, timeout, features, protocolFeatures);
  }

  /** With another time to wait for an answer. */
  public FrontendOptions withTimeout(Duration duration) {
    return new FrontendOptions(connectWithin, duration, features, protocolFeatures);
  }

  /** With other virtio feature bits. */
  public FrontendOptions withFeatures(long bits) {
    return new FrontendOptions(connectWithin, timeout, bits, protocolFeatures);
  }

  /** With more virtio feature bits: those of a packed ring, say. */
  public FrontendOptions withMoreFeatures(long bits) {
    return withFeatures(features | bits);
  }

  /** With other protocol features. */
  public FrontendOptions withProtocolFeatures(Set<ProtocolFeature> wanted) {
    return new FrontendOptions(connectWithin, timeout, features, wanted);
  }
}
