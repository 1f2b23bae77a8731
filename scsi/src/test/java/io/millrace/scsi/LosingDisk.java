package io.millrace.scsi;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/** A disk with a cache that can lose writes, and which can neither unmap nor make zeroes. */
final class LosingDisk extends Bdev {
  /** What was asked of it, in turn: FORCED WRITE is one with FUA. */
  final List<String> asked = new ArrayList<>();

  IoStatus answer = IoStatus.SUCCESS;
  Consumer<BdevIo> amid = io -> {}; // while it has one
  private final Mapping store;

  LosingDisk(String name) throws LinuxException {
    super(
        new BdevProperties(
            name,
            UUID.randomUUID(),
            "Cached disk",
            ScsiRig.BLOCK,
            ScsiRig.BLOCK,
            ScsiRig.BLOCKS,
            true,
            true,
            BdevLimits.NONE,
            EnumSet.of(IoType.READ, IoType.WRITE, IoType.FLUSH)));
    store = Mapping.anonymous((long) ScsiRig.BLOCK * ScsiRig.BLOCKS, false);
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) {
    return new BdevChannel(this, reactor) {
      @Override
      protected void start(BdevIo io) {
        asked.add((io.isForceUnitAccess() ? "FORCED " : "") + io.type());
        amid.accept(io);
        if (answer == IoStatus.SUCCESS) {
          move(io);
        }
        io.complete(answer, io.lengthBytes());
      }
    };
  }

  private void move(BdevIo io) {
    long at = store.address() + io.offsetBytes();
    for (int i = 0; i < io.segmentCount(); i++) {
      long memory = io.segmentAddress(i);
      boolean write = io.type() == IoType.WRITE;
      RawMemory.copy(write ? memory : at, write ? at : memory, io.segmentBytes(i));
      at += io.segmentBytes(i);
    }
  }
}
