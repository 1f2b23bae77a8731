/**
 * The file module: raw images and block devices, SPDK's aio and uring modules in one.
 *
 * <p>Control thread: {@link io.millrace.bdev.file.FileBdev} opens an image ({@code ImageFile}:
 * locks, format, alignment). Reactor: one {@code FileEngine} each, shared by all file bdevs of that
 * reactor; requests go from {@code FileChannel} through a {@code FileRequest} into it, and from
 * there into a {@code KernelQueue}: {@code FileRing}, an io_uring, or {@code FileThreads}, whose
 * threads block in the kernel and touch nothing but their {@code FileJob}. Start reading at {@code
 * FileEngine}.
 */
@NullMarked
package io.millrace.bdev.file;

import org.jspecify.annotations.NullMarked;
