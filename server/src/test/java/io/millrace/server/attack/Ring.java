package io.millrace.server.attack;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.RawMemory;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A ring written by hand, legal or not; and the places of a request beside it. */
abstract class Ring {
  static final int HEADER = 0x10_0000;
  static final int STATUS = HEADER + 512;
  static final int DATA = 0x20_0000;
  static final int SCRATCH = 0x28_0000;
  static final int TABLE = 0x30_0000;

  static final int T_IN = 0;
  static final int T_OUT = 1;
  static final int T_GET_ID = 8;
  static final int T_WRITE_ZEROES = 13;

  /** How long an answer may take before the queue counts as standing still. */
  private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(1200);

  private static final long PAUSE_NANOS = 20_000;

  final Attacker owner;
  final Ram ram;
  final int index;
  final int size;
  final FileDescriptor kick;
  final FileDescriptor call;
  final FileDescriptor error;

  Ring(Attacker owner, int index, int size) throws LinuxException {
    this.owner = owner;
    this.ram = owner.ram;
    this.index = index;
    this.size = size;
    kick = owner.eventFd();
    call = owner.eventFd();
    error = owner.eventFd();
  }

  /** The fields of SET_VRING_ADDR. */
  abstract Object[] addresses();

  /** The number in SET_VRING_BASE. */
  abstract int base();

  void start() {
    owner.must(Wire.SET_VRING_NUM, owner.none, index, size);
    owner.must(Wire.SET_VRING_BASE, owner.none, index, base());
    owner.must(Wire.SET_VRING_ADDR, owner.none, addresses());
    owner.must(Wire.SET_VRING_CALL, List.of(call), (long) index);
    owner.must(Wire.SET_VRING_ERR, List.of(error), (long) index);
    owner.must(Wire.SET_VRING_KICK, List.of(kick), (long) index);
    owner.must(Wire.SET_VRING_ENABLE, owner.none, index, 1);
  }

  long guest(long offset) {
    return ram.guest + offset;
  }

  /** Writes a header; its descriptor. */
  Piece header(int type, long sector) {
    ram.putInt(HEADER, type);
    ram.putInt(HEADER + 4, 0);
    ram.putLong(HEADER + 8, sector);
    return Piece.readable(guest(HEADER), 16);
  }

  Piece data(int bytes) {
    return Piece.writable(guest(DATA), bytes);
  }

  Piece status() {
    return Piece.writable(guest(STATUS), 1);
  }

  void kick() {
    RawMemory.fullFence();
    EventFd.signal(kick.number());
  }

  /** Whether the device has given back what is expected next. */
  abstract boolean isAnswered();

  /** Takes what was given back. */
  abstract Answer take();

  /** Waits for the next used element, or for the end. */
  Answer await() {
    long deadline = System.nanoTime() + QUIET_NANOS;
    while (!isAnswered()) {
      if (owner.connection.isEnded()) {
        return new Answer(Answer.How.CLOSED, 0, 0, 0);
      }
      if (EventFd.drain(error.number()) > 0) {
        return new Answer(Answer.How.STOPPED, 0, 0, 0);
      }
      if (System.nanoTime() > deadline) {
        return new Answer(Answer.How.SILENT, 0, 0, 0);
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return take();
  }
}
