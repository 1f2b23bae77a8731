package io.millrace.scsi;

import static java.util.Map.entry;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Vital product data pages of any kind of device (SPC-5 §7.7), and the list of all. */
final class VpdPages {
  /** Writes what follows the header of a page. */
  private interface Body {
    void put(LogicalUnit unit, LunPath path, Answer answer);
  }

  private static final int HEADER_BYTES = 4;
  private static final int SUPPORTED_PAGES = 0x00;

  /** In the order of their codes, as page 00h lists them. */
  private static final Map<Integer, Body> PAGES =
      new TreeMap<>(
          Map.ofEntries(
              entry(SUPPORTED_PAGES, (unit, path, answer) -> supportedPages(answer)),
              entry(0x80, (unit, path, answer) -> serialNumber(unit, answer)),
              entry(0x83, VpdIdentification::deviceIdentification),
              entry(0x85, (unit, path, answer) -> {}), // it has no management network address
              entry(0x86, (unit, path, answer) -> extendedInquiry(unit, answer)),
              entry(0x87, (unit, path, answer) -> modePagePolicy(answer)),
              entry(0x88, (unit, path, answer) -> VpdIdentification.ports(unit, answer)),
              entry(0xb0, (unit, path, answer) -> VpdBlockLimits.limits(unit, answer)),
              entry(0xb1, (unit, path, answer) -> VpdBlockLimits.characteristics(answer)),
              entry(0xb2, (unit, path, answer) -> VpdBlockLimits.provisioning(unit, answer)),
              entry(0xb7, (unit, path, answer) -> VpdBlockLimits.limitsExtension(answer))));

  private static final int EXTENDED_INQUIRY_BYTES = 64;
  private static final int HEADSUP_ORDSUP_SIMPSUP = 0x07;
  private static final int V_SUP = 1;
  private static final int LUICLR = 1;
  private static final int SHARED = 0;

  private VpdPages() {}

  /**
   * Puts a page into an empty answer.
   *
   * @return false when there is no such page
   */
  static boolean put(LunPath path, int page, Answer answer) {
    Body body = PAGES.get(page);
    if (body == null || (!path.leadsSomewhere() && page != SUPPORTED_PAGES)) {
      return false;
    }
    answer.put8(Inquiry.peripheral(path)).put8(page).put16(0);
    if (path.leadsSomewhere()) {
      body.put(path.unit(), path, answer);
    } else {
      answer.put8(SUPPORTED_PAGES);
    }
    answer.set16(2, answer.size() - HEADER_BYTES);
    return true;
  }

  private static void supportedPages(Answer answer) {
    PAGES.keySet().forEach(answer::put8);
  }

  /** §7.7.18: what stays the same wherever the disk is. */
  private static void serialNumber(LogicalUnit unit, Answer answer) {
    String serial = unit.bdev().properties().uuid().toString();
    answer.putText(serial, serial.length());
  }

  /** §7.7.7. */
  private static void extendedInquiry(LogicalUnit unit, Answer answer) {
    answer.zeroes(EXTENDED_INQUIRY_BYTES - HEADER_BYTES);
    answer.set8(5, HEADSUP_ORDSUP_SIMPSUP);
    answer.set8(6, unit.bdev().properties().volatileCache() ? V_SUP : 0);
    answer.set8(7, LUICLR);
    answer.set8(13, SenseData.MAX_BYTES);
  }

  /** §7.7.10: all initiators share every page. */
  private static void modePagePolicy(Answer answer) {
    for (ModePage page : List.of(ModePage.values())) {
      answer.put8(page.code()).put8(page.subpage()).put8(SHARED).put8(0);
    }
  }
}
