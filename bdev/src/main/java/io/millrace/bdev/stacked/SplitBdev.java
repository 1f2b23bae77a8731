package io.millrace.bdev.stacked;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevRegistry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One of the parts of equal size that a bdev is split into; nothing of it is on the disk. */
public final class SplitBdev extends StackedBdev {
  private static final Logger LOG = LoggerFactory.getLogger(SplitBdev.class);
  private static final long MIB = 1 << 20;

  private final long offsetBlocks;

  private SplitBdev(ClaimedBase base, String name, long offsetBlocks, long blocks) {
    super(
        base,
        like(
            base.bdev(),
            name,
            NameUuid.ofPart(base.bdev(), offsetBlocks, blocks),
            "Split Disk",
            blocks),
        offsetBlocks * base.bdev().properties().blockSize());
    this.offsetBlocks = offsetBlocks;
  }

  /**
   * Claims the base and makes its parts, named after it with p0, p1 and so on; they are not
   * registered yet.
   *
   * @param count how many; fewer if more do not fit
   * @param sizeMib MiB of each; 0 for equal parts of the whole
   * @param released runs when the base is given back
   */
  public static List<SplitBdev> create(
      BdevRegistry registry, String baseName, long count, long sizeMib, Runnable released)
      throws BdevException {
    ClaimedBase base = ClaimedBase.claim(registry, baseName, "split", released);
    try {
      long blocks = blocksOfAPart(base.bdev(), count, sizeMib);
      long fitting = base.bdev().blockCount() / blocks;
      if (count > fitting) {
        LOG.warn("{}: {} parts of {} blocks fit, not {}", baseName, fitting, blocks, count);
      }
      List<SplitBdev> parts = new ArrayList<>();
      for (long i = 0; i < Math.min(count, fitting); i++) {
        parts.add(base.add(new SplitBdev(base, baseName + "p" + i, i * blocks, blocks)));
      }
      return parts;
    } finally {
      base.releaseIfUnused();
    }
  }

  private static long blocksOfAPart(Bdev base, long count, long sizeMib) throws BdevException {
    if (count < 1 || count > base.blockCount()) {
      throw new BdevException(
          Kind.INVALID,
          "bdev %s of %d blocks cannot be split into %d parts"
              .formatted(base.name(), base.blockCount(), count));
    }
    if (sizeMib == 0) {
      return base.blockCount() / count;
    }
    if (sizeMib > base.sizeBytes() / MIB) {
      throw new BdevException(
          Kind.INVALID,
          "no part of %d MiB fits bdev %s of %d bytes"
              .formatted(sizeMib, base.name(), base.sizeBytes()));
    }
    return sizeMib * MIB / base.properties().blockSize();
  }

  /** A part stays as large as it was made; what the base lost of it fails. */
  @Override
  protected boolean baseResized() {
    return false;
  }

  @Override
  public Map<String, Object> driverSpecific() {
    Map<String, Object> split = new LinkedHashMap<>();
    split.put("base_bdev", base().name());
    split.put("offset_blocks", offsetBlocks);
    return Map.of("split", split);
  }
}
