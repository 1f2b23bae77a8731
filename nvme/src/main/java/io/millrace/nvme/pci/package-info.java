/**
 * A PCI function that this process drives, seen through {@link io.millrace.nvme.pci.PciDevice}: its
 * configuration space, its registers, the memory that it reaches by DMA, and its interrupts.
 * Nothing here knows NVMe. {@code VfioPciDevice} is the one for real devices; the tests have
 * another that drives QEMU's emulated controllers, and one of a controller made of memory.
 *
 * <p>Devices are opened and memory is mapped on the control thread; registers are used by whoever
 * owns the queue behind them.
 */
@NullMarked
package io.millrace.nvme.pci;

import org.jspecify.annotations.NullMarked;
