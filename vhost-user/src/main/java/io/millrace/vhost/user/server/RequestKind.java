package io.millrace.vhost.user.server;

/** What a request asks for, as far as statistics tell requests apart. */
public enum RequestKind {
  /** Blocks into the guest's memory. */
  READ,
  /** The guest's memory to blocks. */
  WRITE,
  /** What was written is to be durable. */
  FLUSH,
  /** Blocks are given back. */
  DISCARD,
  /** Blocks become zeroes without data. */
  WRITE_ZEROES,
  /** Anything else: a serial, a SCSI command about no blocks, what makes no sense. */
  OTHER;

  private static final RequestKind[] ALL = values();

  /** How many there are. */
  static final int COUNT = ALL.length;
}
