package io.millrace.initiator;

/**
 * How a {@link VirtioBlkDriver} uses a device.
 *
 * @param frontend how the connection behaves
 * @param queues how many to start, 1 or more
 * @param queueSize descriptors of each, a power of two
 * @param depth most requests at once on each
 * @param indirectEntries descriptors of an indirect table where INDIRECT_DESC is negotiated, 0 to
 *     use none
 * @param dataBytes shared memory for data, all queues together
 * @param sealed whether the shared memory can never shrink
 * @param poisonStatus whether to see when the device does not write a status; costs a cache miss
 * @param deviceFeatures the device's own feature bits to acknowledge where offered
 */
public record BlkDriverOptions(
    FrontendOptions frontend,
    int queues,
    int queueSize,
    int depth,
    int indirectEntries,
    long dataBytes,
    boolean sealed,
    boolean poisonStatus,
    long deviceFeatures) {
  /** One queue of 128 with 32 requests, indirect tables of 34, 16 MiB of data, sealed, poisoned. */
  public static BlkDriverOptions defaults() {
    return new BlkDriverOptions(
        FrontendOptions.defaults(), 1, 128, 32, 34, 16 << 20, true, true, VirtioBlk.FEATURES);
  }

  /** With another way to connect. */
  public BlkDriverOptions withFrontend(FrontendOptions options) {
    return new BlkDriverOptions(
        options,
        queues,
        queueSize,
        depth,
        indirectEntries,
        dataBytes,
        sealed,
        poisonStatus,
        deviceFeatures);
  }

  /** With other queues. */
  public BlkDriverOptions withQueues(int count, int size, int requests) {
    return new BlkDriverOptions(
        frontend,
        count,
        size,
        requests,
        indirectEntries,
        dataBytes,
        sealed,
        poisonStatus,
        deviceFeatures);
  }

  /** With larger or smaller indirect tables, 0 for none. */
  public BlkDriverOptions withIndirectEntries(int entries) {
    return new BlkDriverOptions(
        frontend,
        queues,
        queueSize,
        depth,
        entries,
        dataBytes,
        sealed,
        poisonStatus,
        deviceFeatures);
  }

  /** With other memory. */
  public BlkDriverOptions withMemory(long bytes, boolean seal) {
    return new BlkDriverOptions(
        frontend,
        queues,
        queueSize,
        depth,
        indirectEntries,
        bytes,
        seal,
        poisonStatus,
        deviceFeatures);
  }

  /** Whether to poison the status byte. */
  public BlkDriverOptions withPoisonStatus(boolean poison) {
    return new BlkDriverOptions(
        frontend,
        queues,
        queueSize,
        depth,
        indirectEntries,
        dataBytes,
        sealed,
        poison,
        deviceFeatures);
  }

  /** With fewer of the device's own features: those that each of several back-ends has, say. */
  public BlkDriverOptions withDeviceFeatures(long bits) {
    return new BlkDriverOptions(
        frontend, queues, queueSize, depth, indirectEntries, dataBytes, sealed, poisonStatus, bits);
  }
}
