/**
 * Millrace as its user has it: the distribution in {@code server/target/millrace}, real QEMU, a
 * Debian kernel. A {@link Lab} gives a test its folder and cleans up; in it run a {@link
 * MillraceServer} and {@link Guest}s, whose script reports line by line; a {@link Daemon} is a
 * service of somebody else. Start with {@link GuestOnManyDisksTest}. What the guest runs stands in
 * {@code vm-tests/guest}.
 */
package io.millrace.vm;
