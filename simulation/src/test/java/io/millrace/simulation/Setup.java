package io.millrace.simulation;

import io.millrace.initiator.VirtioBlk;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.virtqueue.VirtioFeature;
import java.util.Random;

/**
 * What is simulated.
 *
 * @param seed of everything that happens
 * @param features that the guest asks for
 * @param queues of the guest
 * @param depth most requests in flight on each
 * @param sectors of the disk
 * @param direct whether the server goes past the page cache
 * @param writeThrough whether the server makes each write durable
 * @param retry whether the server tries again what the storage failed
 * @param capacity most calls that the kernel queue has at once
 * @param faultPercent how many calls fail, without loss of what was written before
 * @param syncFails whether syncs fail, and lose what was written before
 * @param hangs whether some calls take longer than the server waits for them
 * @param noZeroRange whether the file system zeroes ranges by holes only
 * @param lies whether syncs succeed and do nothing, as no storage may
 */
record Setup(
    long seed,
    long features,
    int queues,
    int depth,
    int sectors,
    boolean direct,
    boolean writeThrough,
    boolean retry,
    int capacity,
    int faultPercent,
    boolean syncFails,
    boolean hangs,
    boolean noZeroRange,
    boolean lies) {
  static final int QUEUE_SIZE = 64;

  /** Descriptors of an indirect table: header, three pieces of data, status. */
  static final int INDIRECT_ENTRIES = 5;

  static Setup of(long seed) {
    Random random = new Random(seed * 0x9e3779b97f4a7c15L);
    return new Setup(
        seed,
        features(random),
        1 + random.nextInt(2),
        1 + random.nextInt(16),
        random.nextBoolean() ? 16 : 48,
        random.nextInt(3) == 0,
        random.nextInt(6) == 0,
        random.nextInt(3) == 0,
        random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 64,
        random.nextInt(5) < 2 ? random.nextInt(30) : 0,
        random.nextInt(6) == 0,
        random.nextInt(6) == 0,
        random.nextInt(4) == 0,
        false);
  }

  /** The same on storage that lies. */
  Setup lying() {
    return new Setup(
        seed,
        features,
        queues,
        depth,
        sectors,
        direct,
        writeThrough,
        retry,
        capacity,
        faultPercent,
        syncFails,
        hangs,
        noZeroRange,
        true);
  }

  private static long features(Random random) {
    long features = VirtioFeature.VERSION_1 | 1L << ProtocolFeature.VIRTIO_BIT;
    features |= VirtioBlk.F_DISCARD | VirtioBlk.F_WRITE_ZEROES | VirtioBlk.F_MQ;
    features |= random.nextBoolean() ? VirtioFeature.RING_PACKED : 0;
    features |= random.nextBoolean() ? VirtioFeature.INDIRECT_DESC : 0;
    features |= random.nextBoolean() ? VirtioFeature.EVENT_IDX : 0;
    features |= random.nextInt(4) == 0 ? VirtioFeature.IN_ORDER : 0;
    features |= random.nextInt(6) != 0 ? VirtioBlk.F_FLUSH : 0;
    features |= random.nextInt(3) != 0 ? VirtioBlk.F_CONFIG_WCE : 0;
    return features;
  }

  boolean has(long feature) {
    return VirtioFeature.has(features, feature);
  }
}
