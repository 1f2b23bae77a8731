/** NVMe disks on controllers that are not real: QEMU's, and one made of memory. */
@NullMarked
package io.millrace.nvme.bdev;

import org.jspecify.annotations.NullMarked;
