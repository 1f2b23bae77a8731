/**
 * The load generator behind {@code millrace perf}: fio's words over a {@link
 * io.millrace.initiator.VirtioBlkDriver}. One queue and one thread for each job; the rest is
 * control plane on the caller's thread. Start reading at {@link
 * io.millrace.initiator.perf.PerfRun}.
 */
@NullMarked
package io.millrace.initiator.perf;

import org.jspecify.annotations.NullMarked;
