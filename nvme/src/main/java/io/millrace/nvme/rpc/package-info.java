/**
 * The JSON-RPC methods of NVMe controllers, under SPDK's names: what makes sense for controllers on
 * this machine's PCI bus. Control thread. {@link NvmeMethods} has them all.
 */
@NullMarked
package io.millrace.nvme.rpc;

import org.jspecify.annotations.NullMarked;
