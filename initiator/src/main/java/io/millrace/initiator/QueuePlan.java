package io.millrace.initiator;

/**
 * What a driver needs of a device, whatever kind it is.
 *
 * @param frontend how the connection behaves
 * @param queues how many to start, 1 or more
 * @param queueSize descriptors of each, a power of two
 * @param indirectEntries descriptors of an indirect table, 0 to use none
 * @param controlBytes shared memory that each queue needs beside its ring, a multiple of 64
 * @param dataBytes shared memory for data, all queues together
 * @param sealed whether the shared memory can never shrink
 * @param eventQueue the queue in which the device may leave buffers when it stops, -1 for none
 * @param deviceFeatures the device's own feature bits to acknowledge where offered
 */
record QueuePlan(
    FrontendOptions frontend,
    int queues,
    int queueSize,
    int indirectEntries,
    long controlBytes,
    long dataBytes,
    boolean sealed,
    int eventQueue,
    long deviceFeatures) {}
