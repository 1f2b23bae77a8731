/**
 * A {@link io.millrace.nvme.pci.PciDevice} for people and tests without hardware: a function of a
 * machine that QEMU emulates and nobody runs ({@code -accel tcg -S}, the CPU stands still). Its
 * registers are reached through QEMU's qtest socket, its memory is a file that both map.
 *
 * <p>QEMU is started as {@link io.millrace.nvme.qtest.QtestMachine} says. Devices are opened and
 * memory is mapped on the control thread; any thread may use registers, one at a time: every access
 * is a message over a socket, a read some 100 µs, a write half of that and not waited for. Start
 * reading at {@link io.millrace.nvme.qtest.QtestPciDevice#open}.
 */
@NullMarked
package io.millrace.nvme.qtest;

import org.jspecify.annotations.NullMarked;
