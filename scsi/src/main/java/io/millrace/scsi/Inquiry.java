package io.millrace.scsi;

import java.util.List;

/** INQUIRY and its standard data (SPC-5 §6.7). */
final class Inquiry {
  static final String VENDOR = "MILLRACE";
  static final int VENDOR_BYTES = 8;

  private static final int PRODUCT_BYTES = 16;
  private static final int REVISION_BYTES = 4;
  private static final String REVISION = "0001";
  private static final int STANDARD_BYTES = 96;

  private static final int EVPD = 1;
  private static final int PAGE_AT = 2;
  private static final int DIRECT_ACCESS = 0x00;
  private static final int WELL_KNOWN = 0x1e;
  private static final int NOWHERE = 0x7f; // peripheral qualifier 011b, device type 1Fh
  private static final int SPC_5 = 0x07;
  private static final int HISUP = 1 << 4;
  private static final int RESPONSE_DATA_FORMAT = 2;
  private static final int TPGS_IMPLICIT = 1 << 4;
  private static final int MULTIP = 1 << 4;
  private static final int CMDQUE = 1 << 1;
  private static final int VERSION_DESCRIPTORS_AT = 58;
  private static final int[] VERSION_DESCRIPTORS = {0x00c0, 0x05c0, 0x0600}; // SAM-6, SPC-5, SBC-4

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("INQUIRY", "12 01 ff ff ff 00")
              .data(DataPhase.ANSWER, 3, 2)
              .access(Access.ALWAYS)
              .despiteAttention()
              .withoutUnit()
              .alsoWellKnown()
              .doneBy(Inquiry::inquire));

  private Inquiry() {}

  private static void inquire(LunPath path, ScsiTask task) {
    int page = BigEndian.get8(task.cdb(), PAGE_AT);
    if ((task.cdb()[1] & EVPD) == 0) {
      if (page != 0) {
        task.checkField(PAGE_AT, -1);
      } else {
        standard(path, task.answer());
        task.good();
      }
    } else if (VpdPages.put(path, page, task.answer())) {
      task.good();
    } else {
      task.checkField(PAGE_AT, -1);
    }
  }

  /** PERIPHERAL QUALIFIER and PERIPHERAL DEVICE TYPE. */
  static int peripheral(LunPath path) {
    return path.leadsSomewhere() ? DIRECT_ACCESS : path.isWellKnown() ? WELL_KNOWN : NOWHERE;
  }

  private static void standard(LunPath path, Answer answer) {
    boolean somewhere = path.leadsSomewhere();
    boolean severalPorts = somewhere && path.unit().ports().size() > 1;
    answer.put8(peripheral(path)).put8(0).put8(SPC_5).put8(HISUP | RESPONSE_DATA_FORMAT);
    answer
        .put8(STANDARD_BYTES - 5)
        .put8(TPGS_IMPLICIT)
        .put8(severalPorts ? MULTIP : 0)
        .put8(CMDQUE);
    answer.putText(VENDOR, VENDOR_BYTES);
    String product = somewhere ? path.unit().bdev().properties().productName() : "";
    answer.putText(product.replaceAll("[^ -~]", "?"), PRODUCT_BYTES);
    answer.putText(REVISION, REVISION_BYTES);
    answer.zeroes(STANDARD_BYTES - answer.size());
    for (int i = 0; i < VERSION_DESCRIPTORS.length; i++) {
      answer.set16(VERSION_DESCRIPTORS_AT + 2 * i, VERSION_DESCRIPTORS[i]);
    }
  }
}
