package io.millrace.nvme.pci;

/**
 * The registers behind one base address register. Little-endian; data-path code: no check but by
 * assertion, nothing is allocated or thrown. A function that is gone reads as all ones and ignores
 * writes. Any thread; the owner of a register orders its accesses.
 */
public abstract class Registers {
  /** For the transports. */
  protected Registers() {}

  /** How many bytes there are. */
  public abstract long bytes();

  /**
   * Reads 32 bits.
   *
   * @param offset bytes from the start, a multiple of 4
   */
  public abstract int read32(int offset);

  /**
   * Reads 64 bits, by one access or by two of 32.
   *
   * @param offset bytes from the start, a multiple of 8
   */
  public abstract long read64(int offset);

  /**
   * Writes 32 bits after everything that this thread stored before.
   *
   * @param offset bytes from the start, a multiple of 4
   */
  public abstract void write32(int offset, int value);

  /**
   * Writes 64 bits, as {@link #write32} does 32.
   *
   * @param offset bytes from the start, a multiple of 8
   */
  public abstract void write64(int offset, long value);
}
