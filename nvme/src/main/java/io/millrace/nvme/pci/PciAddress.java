package io.millrace.nvme.pci;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a PCI function is.
 *
 * @param domain 0 to 0xffffffff; 0 on most machines
 * @param bus 0 to 255
 * @param device 0 to 31
 * @param function 0 to 7
 */
public record PciAddress(long domain, int bus, int device, int function)
    implements Comparable<PciAddress> {
  private static final Pattern FORM =
      Pattern.compile("(?:(\\p{XDigit}{4,8}):)?(\\p{XDigit}{2}):(\\p{XDigit}{2})\\.([0-7])");

  private static final int DEVICES = 32;

  /**
   * Reads {@code 0000:01:00.0}, or {@code 01:00.0} of domain 0.
   *
   * @throws IllegalArgumentException it is something else; says what is expected
   */
  public static PciAddress parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (matcher.matches()) {
      String domain = matcher.group(1);
      int device = Integer.parseInt(matcher.group(3), 16);
      if (device < DEVICES) {
        return new PciAddress(
            domain == null ? 0 : Long.parseLong(domain, 16),
            Integer.parseInt(matcher.group(2), 16),
            device,
            Integer.parseInt(matcher.group(4)));
      }
    }
    throw new IllegalArgumentException(
        "'" + text + "' is no PCI address; one looks like 0000:01:00.0 or 01:00.0");
  }

  @Override
  public int compareTo(PciAddress other) {
    return Long.compare(key(), other.key());
  }

  private long key() {
    return domain << 16 | bus << 8 | device << 3 | function;
  }

  /** As the kernel and operators write it: {@code 0000:01:00.0}. */
  @Override
  public String toString() {
    return "%04x:%02x:%02x.%d".formatted(domain, bus, device, function);
  }
}
