/**
 * Namespaces as bdevs: {@link io.millrace.nvme.bdev.NvmeBdev} and the controllers they belong to,
 * {@link io.millrace.nvme.bdev.NvmeModule}. Control thread, but for {@code NvmeChannel}, which is
 * data path.
 */
@NullMarked
package io.millrace.nvme.bdev;

import org.jspecify.annotations.NullMarked;
