package io.millrace.scsi;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.UUID;

/** A disk with a volatile cache that keeps nothing, but knows what was asked of it. */
final class CachedDisk extends Bdev {
  static final int BLOCK = 4096;
  static final int BLOCKS = 1 << 20;

  /** What was asked, as {@code WRITE}, {@code WRITE FUA} or {@code FLUSH}. */
  final List<String> log = new ArrayList<>();

  /** How requests end. */
  IoStatus status = IoStatus.SUCCESS;

  /** Whether writes wait, and which. */
  boolean holdsWrites;

  final List<BdevIo> held = new ArrayList<>();

  CachedDisk(String name) {
    super(
        new BdevProperties(
            name,
            UUID.fromString("01234567-89ab-cdef-0123-456789abcdef"),
            "Cached\ttest disk that has a long name",
            BLOCK,
            4 * BLOCK,
            BLOCKS,
            true,
            true,
            BdevLimits.NONE.withUnmap(1 << 20, 64 << 10),
            EnumSet.of(IoType.READ, IoType.WRITE, IoType.FLUSH)));
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) {
    return new BdevChannel(this, reactor) {
      @Override
      protected void start(BdevIo io) {
        log.add(io.type() + (io.isForceUnitAccess() ? " FUA" : ""));
        if (holdsWrites && io.type() == IoType.WRITE) {
          held.add(io);
        } else {
          io.complete(status, status == IoStatus.SUCCESS ? io.lengthBytes() : 0);
        }
      }
    };
  }

  /** The writes that wait are done. */
  void release() {
    List<BdevIo> done = List.copyOf(held);
    held.clear();
    done.forEach(io -> io.complete(IoStatus.SUCCESS, io.lengthBytes()));
  }
}
