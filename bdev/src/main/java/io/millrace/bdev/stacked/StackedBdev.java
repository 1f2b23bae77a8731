package io.millrace.bdev.stacked;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.IoType;
import io.millrace.reactor.Reactor;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;

/**
 * A bdev that stands on another one. By itself it passes everything down; a module overrides {@link
 * #newChannel} with a {@link StackedChannel} of its own. Control-plane object.
 */
public abstract class StackedBdev extends Bdev {
  private final ClaimedBase base;
  private final long offsetBytes;

  /** A bdev that covers all of its base. */
  protected StackedBdev(ClaimedBase base, BdevProperties properties) {
    this(base, properties, 0);
  }

  /**
   * A bdev that covers a part of its base.
   *
   * @param offsetBytes where the part starts, whole blocks
   */
  protected StackedBdev(ClaimedBase base, BdevProperties properties, long offsetBytes) {
    super(properties);
    this.base = base;
    this.offsetBytes = offsetBytes;
  }

  /**
   * What a bdev is that differs from its base in name only.
   *
   * @param productName as SPDK names the kind, "passthru"
   */
  protected static BdevProperties like(Bdev base, String name, UUID uuid, String productName) {
    return like(base, name, uuid, productName, base.blockCount());
  }

  /** What a bdev is that differs from its base in name and size. */
  protected static BdevProperties like(
      Bdev base, String name, UUID uuid, String productName, long blockCount) {
    BdevProperties of = base.properties();
    return new BdevProperties(
        name,
        uuid,
        productName,
        of.blockSize(),
        of.physicalBlockSize(),
        blockCount,
        of.writable(),
        of.volatileCache(),
        of.limits(),
        types(of));
  }

  /** All but ZONE_APPEND, whose result no channel passes up. */
  private static Set<IoType> types(BdevProperties of) {
    EnumSet<IoType> types = EnumSet.of(IoType.READ);
    types.addAll(of.types());
    types.remove(IoType.ZONE_APPEND);
    return types;
  }

  /** The bdev below. */
  public final Bdev base() {
    return base.bdev();
  }

  @Override
  public final boolean reaches(Bdev other) {
    return super.reaches(other) || base().reaches(other);
  }

  final ClaimedBase claimedBase() {
    return base;
  }

  final long offsetBytes() {
    return offsetBytes;
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) throws BdevException {
    return new StackedChannel(this, reactor).passing();
  }

  /**
   * The base has another size: takes it over. Control thread.
   *
   * @return whether this bdev has another size now; its openers are told then
   */
  protected boolean baseResized() {
    long blocks = base().blockCount();
    boolean changed = blocks != blockCount();
    blockCount(blocks);
    return changed;
  }

  /** Ends on every channel what the module keeps waiting ({@link StackedChannel#letGo}). */
  @Override
  protected final void removing() {
    onEveryChannel(channel -> ((StackedChannel) channel).letGo());
  }

  /** Gives the base back; a module that overrides it calls it last. */
  @Override
  protected void destroy() {
    base.remove(this);
  }
}
