/**
 * What Millrace asks of the Linux kernel, and raw memory.
 *
 * <p>Nothing else in Millrace calls native code ({@link io.millrace.linux.NativeCode}) or touches a
 * raw address ({@link io.millrace.linux.RawMemory}). The classes here are thin: one method a system
 * call, failures as {@link io.millrace.linux.LinuxException} with the errno by name. What may be
 * called on the request path ({@code RawMemory}, {@code EventFd.signal}, the submitting and reaping
 * of {@code IoUring}) neither allocates nor throws. Unless a class says otherwise any thread may
 * call it. Start at {@link io.millrace.linux.RawMemory} and {@link io.millrace.linux.IoUring}.
 */
@NullMarked
package io.millrace.linux;

import org.jspecify.annotations.NullMarked;
