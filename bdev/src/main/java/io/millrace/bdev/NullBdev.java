package io.millrace.bdev;

import io.millrace.reactor.Reactor;
import java.util.EnumSet;
import java.util.UUID;

/** A disk that forgets what is written and leaves memory alone on reads, for measuring the rest. */
public final class NullBdev extends Bdev {
  /**
   * A null disk.
   *
   * @param blockSize bytes, a power of two from 512
   * @param blockCount logical blocks
   */
  public NullBdev(String name, UUID uuid, int blockSize, int physicalBlockSize, long blockCount) {
    super(
        new BdevProperties(
            name,
            uuid,
            "Null disk",
            blockSize,
            physicalBlockSize,
            blockCount,
            true,
            false,
            BdevLimits.NONE,
            EnumSet.of(
                IoType.READ, IoType.WRITE, IoType.FLUSH, IoType.UNMAP, IoType.WRITE_ZEROES)));
  }

  /**
   * Gives the disk another size; tell its openers by {@link BdevRegistry#resized}. Control thread.
   *
   * @param blocks logical blocks, at least as many as it has
   * @throws BdevException INVALID when it would shrink below what is in use, or is no size
   */
  public void resize(long blocks) throws BdevException {
    if (blocks < blockCount() || blocks > Long.MAX_VALUE / properties().blockSize()) {
      throw new BdevException(
          BdevException.Kind.INVALID,
          "bdev "
              + name()
              + " has "
              + blockCount()
              + " blocks and cannot have "
              + blocks
              + "; a null disk only grows");
    }
    blockCount(blocks);
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) {
    return new Channel(this, reactor);
  }

  private static final class Channel extends BdevChannel {
    Channel(Bdev bdev, Reactor reactor) {
      super(bdev, reactor);
      endsAtOnce();
    }

    @Override
    protected void start(BdevIo io) {
      io.complete(IoStatus.SUCCESS, io.lengthBytes());
    }
  }
}
