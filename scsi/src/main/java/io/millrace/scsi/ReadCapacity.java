package io.millrace.scsi;

import io.millrace.bdev.BdevProperties;
import java.util.List;

/** READ CAPACITY(10) and (16) (SBC-4 §5.20, §5.21). */
final class ReadCapacity {
  private static final int BYTES_OF_10 = 8;
  private static final int BYTES_OF_16 = 32;
  private static final long MOST_OF_10 = 0xffff_ffffL;
  private static final int MOST_EXPONENT = 15;
  private static final int LBPME = 1 << 7;

  static final List<ScsiCommand> ROWS =
      List.of(
          ScsiCommand.named("READ CAPACITY(10)", "25 00 00 00 00 00 00 00 00 00")
              .answer(BYTES_OF_10)
              .access(Access.ALWAYS)
              .doneBy(ReadCapacity::read10),
          ScsiCommand.named("READ CAPACITY(16)", "9e 00 00 00 00 00 00 00 00 00 ff ff ff ff 00 00")
              .action(0x10)
              .data(DataPhase.ANSWER, 10, 4)
              .access(Access.ALWAYS)
              .doneBy(ReadCapacity::read16));

  private ReadCapacity() {}

  private static void read10(LunPath path, ScsiTask task) {
    Answer answer = task.answer();
    answer.put32(Math.min(MOST_OF_10, path.unit().bdev().blockCount() - 1));
    answer.put32(path.unit().bdev().properties().blockSize());
    task.good();
  }

  private static void read16(LunPath path, ScsiTask task) {
    LogicalUnit unit = path.unit();
    BdevProperties properties = unit.bdev().properties();
    Answer answer = task.answer();
    answer.put64(unit.bdev().blockCount() - 1).put32(properties.blockSize());
    answer.put8(0).put8(physicalExponent(properties));
    answer.put8(VpdBlockLimits.hasProvisioningManagement(unit) ? LBPME : 0).put8(0);
    answer.zeroes(BYTES_OF_16 - answer.size());
    task.good();
  }

  /** LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT: 0 when it is no power of two. */
  private static int physicalExponent(BdevProperties properties) {
    int blocks = properties.physicalBlockSize() / properties.blockSize();
    return Integer.bitCount(blocks) == 1
        ? Math.min(MOST_EXPONENT, Integer.numberOfTrailingZeros(blocks))
        : 0;
  }
}
