/**
 * The load generator behind {@code millrace perf}, in fio's words. A {@link
 * io.millrace.initiator.perf.PerfTarget} is what it loads: a socket, by a virtio-blk driver, or a
 * bdev of its own. One queue and one thread for each job; its loop ({@code PerfJob}), its queue,
 * its pattern and its proof ({@code Verifier}) are data path, and the rest is control plane on the
 * caller's thread. Start reading at {@link io.millrace.initiator.perf.PerfRun}.
 */
@NullMarked
package io.millrace.initiator.perf;

import org.jspecify.annotations.NullMarked;
