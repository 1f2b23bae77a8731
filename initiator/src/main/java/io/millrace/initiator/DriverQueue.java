package io.millrace.initiator;

import io.millrace.virtqueue.DriverRing;

/**
 * A started queue.
 *
 * @param ring its driver's side
 * @param events its descriptors
 * @param control host address of what its plan has for it beside the ring
 */
record DriverQueue(DriverRing ring, FrontendQueue events, long control) {}
