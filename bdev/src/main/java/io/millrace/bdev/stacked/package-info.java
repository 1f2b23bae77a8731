/**
 * Bdevs that stand on another bdev: passthru, delay, error, split, and what they have in common.
 *
 * <p>A {@link io.millrace.bdev.stacked.StackedBdev} stands on a {@link
 * io.millrace.bdev.stacked.ClaimedBase}: control thread. Its {@link
 * io.millrace.bdev.stacked.StackedChannel}, one a reactor, passes each request down as a {@link
 * io.millrace.bdev.stacked.StackedIo} of its own pool: data path, on that reactor. {@link
 * io.millrace.bdev.stacked.StackedModule} waits for bases that are not there yet. {@code
 * PassthruBdev} is the smallest module; {@code docs/bdev-modules.md} tells how to write one.
 */
@NullMarked
package io.millrace.bdev.stacked;

import org.jspecify.annotations.NullMarked;
