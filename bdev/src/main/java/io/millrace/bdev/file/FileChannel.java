package io.millrace.bdev.file;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;

/** One reactor's way to one file: through that reactor's {@link FileEngine}. Data path. */
final class FileChannel extends BdevChannel {
  private static final int NO_SLOT = -1;

  private final FileBdev file;
  private final FileEngine engine;
  private final int descriptor; // a slot of the ring's file table, or the number itself
  private final boolean fixed;
  private final boolean direct;
  private final boolean writeThrough;
  private final int memoryMask;
  private final int blockMask;

  FileChannel(FileBdev file, FileEngine engine) {
    super(file);
    this.file = file;
    this.engine = engine;
    int number = file.image().fd().number();
    int slot = engine.files().addFile(number);
    fixed = slot != NO_SLOT;
    descriptor = fixed ? slot : number;
    direct = file.options().direct();
    writeThrough = file.options().writeThrough();
    memoryMask = file.image().memoryAlignment() - 1;
    blockMask = file.image().blockSize() - 1;
  }

  @Override
  protected void start(BdevIo io) {
    if (file.hasFailed() && io.type() != IoType.READ) {
      io.complete(IoStatus.IO_ERROR, 0);
    } else {
      engine.start(this, io);
    }
  }

  @Override
  protected void stop(BdevIo io) {
    engine.stop(io);
  }

  @Override
  protected void release() {
    if (fixed) {
      engine.files().removeFile(descriptor);
    }
    engine.release();
  }

  FileBdev file() {
    return file;
  }

  int descriptor() {
    return descriptor;
  }

  boolean isFixed() {
    return fixed;
  }

  boolean writeThrough() {
    return writeThrough;
  }

  /** Whether the memory is such that direct I/O would refuse it. */
  boolean mustBounce(BdevIo io) {
    if (!direct) {
      return false;
    }
    int count = io.segmentCount();
    for (int i = 0; i < count; i++) {
      if ((io.segmentAddress(i) & memoryMask) != 0 || (io.segmentBytes(i) & blockMask) != 0) {
        return true;
      }
    }
    return false;
  }

  /** How much of a short transfer counts: direct I/O goes on at a block only. */
  long resumable(long doneBytes) {
    return direct ? doneBytes & ~blockMask : doneBytes;
  }
}
