package io.millrace.virtqueue;

/**
 * Where the driver put a ring, in the front-end's addresses (SET_VRING_ADDR).
 *
 * @param desc descriptor table
 * @param avail available ring
 * @param used used ring
 */
public record VringAddresses(long desc, long avail, long used) {}
