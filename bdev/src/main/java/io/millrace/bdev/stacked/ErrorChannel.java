package io.millrace.bdev.stacked;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Alarm;
import io.millrace.reactor.Reactor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Does to requests what the error bdev made up for them. Data path. */
final class ErrorChannel extends StackedChannel {
  private static final long NOMEM_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** Requests whose written data is changed at once; a byte each. */
  private static final int MAX_CORRUPTING = 1 << 16;

  private final ErrorBdev bdev;
  private final Reactor reactor;
  private final HeldIos pending = new HeldIos();
  private final HeldIos outOfMemory = new HeldIos();
  private final Alarm retry;
  private @Nullable Mapping changedBytes; // by index of the request; made for the first
  private long below; // requests that the base has
  private boolean lettingGo;

  ErrorChannel(ErrorBdev bdev, Reactor reactor) throws BdevException {
    super(bdev, reactor);
    this.bdev = bdev;
    this.reactor = reactor;
    this.retry = reactor.alarm(() -> again(outOfMemory));
  }

  @Override
  protected void down(StackedIo io) {
    Injection hit = lettingGo ? null : bdev.hit(io.request().type(), below);
    if (hit == null) {
      below++;
      passDown(io);
      return;
    }
    switch (hit.kind()) {
      case FAILURE, NVME_FAILURE -> finish(io, IoStatus.IO_ERROR, 0);
      case PENDING -> pending.add(io);
      case NOMEM -> {
        outOfMemory.add(io);
        retry.set(reactor.nanoTime() + NOMEM_RETRY_NANOS);
      }
      case CORRUPT_DATA -> corrupt(io, hit);
    }
  }

  private void corrupt(StackedIo io, Injection hit) {
    BdevIo request = io.request();
    if (request.type() == IoType.WRITE && hit.corruptOffset() < request.lengthBytes()) {
      corruptWrite(io, hit);
      return;
    }
    io.attach(hit);
    below++;
    passDown(io);
  }

  /**
   * Writes all but one byte out of the guest's memory, which is not ours to change, and that byte
   * out of our own.
   */
  private void corruptWrite(StackedIo io, Injection hit) {
    BdevIo request = io.request();
    long byteAddress = changedByte(io.index());
    if (byteAddress == 0 || request.segmentCount() + 2 > BdevLimits.MAX_SEGMENTS) {
      finish(io, IoStatus.IO_ERROR, 0);
      return;
    }
    beginBelow(io);
    long before = hit.corruptOffset();
    for (int i = 0; i < request.segmentCount(); i++) {
      long address = request.segmentAddress(i);
      int bytes = request.segmentBytes(i);
      if (before < 0 || before >= bytes) {
        io.addSegment(address, bytes);
      } else {
        int at = (int) before;
        int changed = RawMemory.getByte(address + at) ^ hit.corruptValue();
        RawMemory.putByte(byteAddress, (byte) changed);
        addUnlessEmpty(io, address, at);
        io.addSegment(byteAddress, 1);
        addUnlessEmpty(io, address + at + 1, bytes - at - 1);
      }
      before -= bytes;
    }
    below++;
    submitBelow(io);
  }

  private static void addUnlessEmpty(StackedIo io, long address, int bytes) {
    if (bytes > 0) {
      io.addSegment(address, bytes);
    }
  }

  /** Where a request's changed byte is; 0 if there is no memory for it. */
  private long changedByte(int index) {
    if (index >= MAX_CORRUPTING) {
      return 0;
    }
    try {
      Mapping bytes = changedBytes;
      if (bytes == null) {
        bytes = Mapping.anonymous(MAX_CORRUPTING, false);
        changedBytes = bytes;
      }
      return bytes.address() + index;
    } catch (LinuxException e) {
      return 0;
    }
  }

  @Override
  protected void up(StackedIo io, IoStatus status) {
    below--;
    IoStatus end = status;
    if (io.attachment() instanceof Injection hit
        && status == IoStatus.SUCCESS
        && io.request().type() == IoType.READ) {
      end = corruptRead(io, hit);
    }
    super.up(io, end);
  }

  private static IoStatus corruptRead(StackedIo io, Injection hit) {
    long before = hit.corruptOffset();
    if (before >= io.transferredBytes()) {
      return IoStatus.SUCCESS;
    }
    int i = 0;
    while (before >= io.segmentBytes(i)) {
      before -= io.segmentBytes(i++);
    }
    long address = io.segmentAddress(i) + before;
    try {
      RawMemory.putByte(address, (byte) (RawMemory.getByte(address) ^ hit.corruptValue()));
      RawMemory.surfaceFault(); // the guest's memory may be gone: found here and not in the base
      return IoStatus.SUCCESS;
    } catch (InternalError e) {
      return IoStatus.BAD_MEMORY;
    }
  }

  void resumePending() {
    again(pending);
  }

  /** Starts those that wait anew: other errors may hit them now, or the same again. */
  private void again(HeldIos waiting) {
    for (int left = waiting.count(); left > 0; left--) {
      StackedIo io = waiting.first();
      if (io == null) {
        return; // one of them, ending, cancelled others
      }
      waiting.remove(io);
      down(io);
    }
  }

  @Override
  protected void letGo() {
    lettingGo = true;
    abort(pending);
    abort(outOfMemory);
  }

  private void abort(HeldIos waiting) {
    for (StackedIo io = waiting.first(); io != null; io = waiting.first()) {
      waiting.remove(io);
      finish(io, IoStatus.ABORTED, 0);
    }
  }

  @Override
  protected void release() {
    retry.clear();
    Mapping bytes = changedBytes;
    if (bytes != null) {
      bytes.close();
    }
    super.release();
  }
}
