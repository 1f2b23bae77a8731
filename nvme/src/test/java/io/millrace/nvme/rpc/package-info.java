/** The methods of NVMe controllers, called as a client calls them, on QEMU's controllers. */
@NullMarked
package io.millrace.nvme.rpc;

import org.jspecify.annotations.NullMarked;
