package io.millrace.virtqueue;

/**
 * Where the driver put a ring, in the front-end's addresses (SET_VRING_ADDR).
 *
 * @param desc descriptor area: table or, packed, ring
 * @param avail driver area: available ring or, packed, driver event suppression
 * @param used device area: used ring or, packed, device event suppression
 */
public record VringAddresses(long desc, long avail, long used) {}
