package io.millrace.server.attack;

import io.millrace.linux.EventFd;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** What no wrapper of the product does to an eventfd: whoever signals it has to wait. */
@SuppressWarnings("restricted") // system calls
final class BlockingEvent {
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int O_NONBLOCK = 0x800;
  private static final long MOST = -2; // 2^64 - 2

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle FCNTL =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("fcntl"),
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle WRITE =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("write"),
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_LONG));

  private BlockingEvent() {}

  /** Fills an eventfd's counter and makes it blocking, for all who have it. */
  static void fill(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment most = arena.allocateFrom(ValueLayout.JAVA_LONG, MOST);
      long written;
      do {
        EventFd.drain(fd); // what was signalled so far leaves no room for the most there can be
        written = (long) WRITE.invokeExact(fd, most, (long) Long.BYTES);
      } while (written != Long.BYTES);
      int flags = (int) FCNTL.invokeExact(fd, F_GETFL, 0);
      int set = (int) FCNTL.invokeExact(fd, F_SETFL, flags & ~O_NONBLOCK);
      if (set != 0) {
        throw new IllegalStateException("the eventfd stays non-blocking");
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
