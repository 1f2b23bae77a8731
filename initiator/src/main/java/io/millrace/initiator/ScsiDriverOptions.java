package io.millrace.initiator;

/**
 * How a {@link VirtioScsiDriver} uses a device.
 *
 * @param frontend how the connection behaves
 * @param requestQueues how many to start beside those for control and events, 1 or more
 * @param queueSize descriptors of each queue, a power of two
 * @param depth most commands at once on each
 * @param indirectEntries descriptors of an indirect table where INDIRECT_DESC is negotiated, 0 to
 *     use none
 * @param dataBytes shared memory for data, all queues together
 * @param sealed whether the shared memory can never shrink
 */
public record ScsiDriverOptions(
    FrontendOptions frontend,
    int requestQueues,
    int queueSize,
    int depth,
    int indirectEntries,
    long dataBytes,
    boolean sealed) {
  /** One queue of 128 with 32 commands, indirect tables of 34, 16 MiB of data, sealed. */
  public static ScsiDriverOptions defaults() {
    return new ScsiDriverOptions(FrontendOptions.defaults(), 1, 128, 32, 34, 16 << 20, true);
  }

  /** With another way to connect. */
  public ScsiDriverOptions withFrontend(FrontendOptions options) {
    return new ScsiDriverOptions(
        options, requestQueues, queueSize, depth, indirectEntries, dataBytes, sealed);
  }

  /** With other queues. */
  public ScsiDriverOptions withQueues(int count, int size, int commands) {
    return new ScsiDriverOptions(
        frontend, count, size, commands, indirectEntries, dataBytes, sealed);
  }
}
