package io.millrace.nvme;

import java.util.EnumSet;
import java.util.Set;

/** What some controllers do otherwise than the specification says; known by their PCI ids. */
enum Quirk {
  /** Its status is not to be looked at for a while after it was disabled. */
  SLOW_STATUS,
  /** Fast only within stripes that a vendor's byte tells. */
  STRIPE_SIZE,
  /** Says that it has scatter gather lists and corrupts data. */
  NO_SGL,
  /** Says that it writes zeroes and is slow, or wrong. */
  NO_WRITE_ZEROES,
  /** Knows no identify but those of version 1.0. */
  OLD_IDENTIFY;

  /**
   * The quirks of a device. The ids are those that the drivers of Linux and SPDK have learned.
   *
   * @param id configuration space: device id in the upper, vendor id in the lower half
   */
  static Set<Quirk> of(int id) {
    int vendor = id & 0xffff;
    int device = id >>> 16;
    return switch (vendor) {
      case 0x8086 ->
          switch (device) {
            case 0x0953, 0x0a53, 0x0a54, 0x0a55 -> EnumSet.of(STRIPE_SIZE);
            case 0x5845 -> EnumSet.of(OLD_IDENTIFY, NO_WRITE_ZEROES);
            default -> EnumSet.noneOf(Quirk.class);
          };
      case 0x1bb1 -> device == 0x0100 ? EnumSet.of(SLOW_STATUS) : EnumSet.noneOf(Quirk.class);
      case 0x1c58 ->
          device == 0x0003 || device == 0x0023
              ? EnumSet.of(SLOW_STATUS)
              : EnumSet.noneOf(Quirk.class);
      case 0x1c5f -> device == 0x0540 ? EnumSet.of(SLOW_STATUS) : EnumSet.noneOf(Quirk.class);
      case 0x144d ->
          device == 0xa821 || device == 0xa822
              ? EnumSet.of(SLOW_STATUS)
              : EnumSet.noneOf(Quirk.class);
      default -> EnumSet.noneOf(Quirk.class);
    };
  }
}
