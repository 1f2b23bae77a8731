package io.millrace.nvme.bdev;

import io.millrace.bdev.BdevIo;
import org.jspecify.annotations.Nullable;

/**
 * A bdev request on its way to the controller, perhaps as several commands: how far it got. From
 * its channel's pool; one reactor's thread.
 */
final class NvmeIo {
  private static final int MOST_COMMANDS = 8; // at once, of one request

  final int slot;
  @Nullable BdevIo io;
  long issuedBytes;
  int segment;
  int segmentOffset;
  int outstanding;
  int status;
  long result;
  boolean cancelled;
  boolean waits; // for a buffer
  boolean issuing; // what completes meanwhile does not end it

  NvmeIo(int slot) {
    this.slot = slot;
  }

  void begin(BdevIo of) {
    io = of;
    of.moduleSlot(slot);
    issuedBytes = 0;
    segment = 0;
    segmentOffset = 0;
    outstanding = 0;
    status = 0;
    result = 0;
    cancelled = false;
    issuing = false;
    waits = false;
  }

  BdevIo io() {
    BdevIo current = io;
    if (current == null) {
      throw new IllegalStateException("free slot " + slot);
    }
    return current;
  }

  boolean hasMore() {
    return status == 0 && !cancelled && issuedBytes < io().lengthBytes();
  }

  boolean maySend() {
    return outstanding < MOST_COMMANDS;
  }

  /** Goes on over data that a command has. */
  void advance(int bytes) {
    issuedBytes += bytes;
    int left = bytes;
    BdevIo of = io();
    while (left > 0) {
      int here = of.segmentBytes(segment) - segmentOffset;
      if (left < here) {
        segmentOffset += left;
        return;
      }
      left -= here;
      segment++;
      segmentOffset = 0;
    }
  }
}
