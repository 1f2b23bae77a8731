/**
 * The file module: raw images and block devices on io_uring, SPDK's aio and uring modules in one.
 *
 * <p>Control thread: {@link io.millrace.bdev.file.FileBdev} opens an image ({@code ImageFile}:
 * locks, format, alignment). Reactor: one {@code FileEngine} each, with the ring that all file
 * bdevs of that reactor share; requests go from {@code FileChannel} through a {@code FileRequest}
 * into it. Start reading at {@code FileEngine}.
 */
@NullMarked
package io.millrace.bdev.file;

import org.jspecify.annotations.NullMarked;
