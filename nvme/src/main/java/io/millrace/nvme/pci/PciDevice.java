package io.millrace.nvme.pci;

import io.millrace.linux.FileDescriptor;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One PCI function that this process has for itself, until it is closed.
 *
 * <p>Control thread, except the {@link Registers}. A function that was pulled out answers with all
 * ones and throws nothing.
 */
public interface PciDevice extends AutoCloseable {
  /** Bytes of the configuration space that every function has. */
  int CONFIG_BYTES = 256;

  /** Configuration space: device id (bits 16–31) and vendor id (0–15). */
  int CONFIG_ID = 0;

  /** Configuration space: status (bits 16–31) and command (0–15). */
  int CONFIG_COMMAND = 4;

  /** Configuration space: class code (bits 8–31) and revision. */
  int CONFIG_CLASS = 8;

  /** Configuration space: subsystem id (bits 16–31) and subsystem vendor id (0–15). */
  int CONFIG_SUBSYSTEM = 0x2c;

  /** Command: the function answers at its memory BARs. */
  int COMMAND_MEMORY = 1 << 1;

  /** Command: the function may start DMA. */
  int COMMAND_BUS_MASTER = 1 << 2;

  /** Its address as operators write it, {@code 0000:01:00.0}; for messages too. */
  String name();

  /** The NUMA node that it is attached to; -1 where nobody says. Any thread. */
  default int numaNode() {
    return -1;
  }

  /**
   * Bytes of its configuration space that can be read: {@link #CONFIG_BYTES}, or 4096 with the
   * extended part of PCI Express. Any thread.
   */
  default int configBytes() {
    return CONFIG_BYTES;
  }

  /**
   * Reads configuration space.
   *
   * @param offset a multiple of 4, below {@link #configBytes}
   * @return all ones if the function is gone
   */
  int readConfig(int offset);

  /**
   * Writes configuration space.
   *
   * @param offset a multiple of 4, below {@link #CONFIG_BYTES}
   */
  void writeConfig(int offset, int value);

  /**
   * The registers behind a base address register, mapped until the device is closed.
   *
   * @param index 0 to 5
   * @throws IOException there are none, or they cannot be mapped; says why
   */
  Registers registers(int index) throws IOException;

  /** The memory that it reaches. */
  DmaSpace dma();

  /**
   * Has the function signal interrupts: an eventfd for each vector, non-blocking, for a reactor to
   * watch. They stay the device's. Called once.
   *
   * @param most vectors wanted
   * @return as many as there are, at most {@code most}, in the order of the vectors; none where
   *     interrupts do not reach this process, so that completions must be polled for
   * @throws IOException they exist and cannot be had; says why
   */
  List<FileDescriptor> enableInterrupts(int most) throws IOException;

  /**
   * An eventfd that is signalled when the kernel wants the function back, because somebody unbinds
   * it or pulls it out, and waits until it is closed. Non-blocking, for a reactor to watch; it
   * stays the device's.
   *
   * @return null where nobody asks
   */
  default @Nullable FileDescriptor returnRequest() {
    return null;
  }

  /** Whether the function was pulled out, or its process is gone: every read gives all ones. */
  default boolean isGone() {
    return readConfig(CONFIG_ID) == -1;
  }

  /**
   * Ends all DMA and gives the function back. Its memory and registers must not be used any more.
   * Throws nothing; later calls do nothing.
   */
  @Override
  void close();
}
