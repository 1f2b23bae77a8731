package io.millrace.linux;

/**
 * Addresses that an IOMMU translates for its devices.
 *
 * @param first the first byte, unsigned
 * @param last the last byte, unsigned
 */
public record IovaRange(long first, long last) {
  @Override
  public String toString() {
    return "0x" + Long.toHexString(first) + "-0x" + Long.toHexString(last);
  }
}
