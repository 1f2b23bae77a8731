/**
 * Block devices (bdevs) and the way requests reach them.
 *
 * <p>Two planes. Control: {@link io.millrace.bdev.BdevRegistry}, {@link io.millrace.bdev.Bdev} and
 * {@link io.millrace.bdev.BdevDescriptor} are touched by the control thread only. Data: a {@link
 * io.millrace.bdev.BdevChannel} belongs to one reactor, and every {@link io.millrace.bdev.BdevIo}
 * given to it is submitted, completed and cancelled on that reactor. Start reading at {@code Bdev},
 * then {@code BdevChannel}; {@code NullBdev} is the smallest module.
 */
@NullMarked
package io.millrace.bdev;

import org.jspecify.annotations.NullMarked;
