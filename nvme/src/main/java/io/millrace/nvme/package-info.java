/**
 * The NVMe driver: controllers, their queue pairs and namespaces (NVM Express base specification
 * 2.0, NVM command set 1.0, zoned namespaces 1.1).
 *
 * <p>A controller lives on one reactor, its home, with its admin queue: bring-up, identification,
 * events and resets are steps there that never block. Every reactor that does I/O has a queue pair
 * of its own. Start reading at {@link io.millrace.nvme.NvmeController}; what a command becomes is
 * in {@link io.millrace.nvme.QueuePair}.
 */
@NullMarked
package io.millrace.nvme;

import org.jspecify.annotations.NullMarked;
