package io.millrace.bdev.file;

import io.millrace.linux.Errno;
import io.millrace.linux.LinuxException;
import io.millrace.reactor.Reactor;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The engines of all reactors: one a reactor and kind, shared by its file bdevs. Any thread. */
final class FileEngines {
  private record Key(Reactor reactor, FileEngineKind kind) {}

  private static final Logger LOG = LoggerFactory.getLogger(FileEngines.class);
  private static final Map<Key, FileEngine> ENGINES = new HashMap<>(); // guarded by itself
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  private FileEngines() {}

  /**
   * The reactor's engine, made for its first channel; give it back by {@link #release}. On the
   * reactor.
   *
   * @param kind AUTO is io_uring, or threads with a warning where the kernel does not allow it
   * @param bouncing whether misaligned memory may have to be bounced
   */
  static FileEngine acquire(Reactor reactor, FileEngineKind kind, boolean bouncing)
      throws LinuxException {
    FileEngine engine;
    synchronized (ENGINES) {
      engine = find(reactor, kind);
      engine.users++;
    }
    try {
      if (bouncing) {
        engine.allowBouncing();
      }
      return engine;
    } catch (LinuxException e) {
      release(engine);
      throw e;
    }
  }

  /**
   * Gives a reactor an engine over another kernel queue than it would get: the simulation's. As
   * after {@link #acquire}; on the reactor.
   */
  static FileEngine install(Reactor reactor, KernelQueue queue) {
    FileEngine engine = new FileEngine(reactor, queue);
    engine.users++;
    synchronized (ENGINES) {
      ENGINES.put(new Key(reactor, queue.kind()), engine);
    }
    return engine;
  }

  private static FileEngine find(Reactor reactor, FileEngineKind kind) throws LinuxException {
    if (kind != FileEngineKind.AUTO) {
      return findExactly(reactor, kind);
    }
    try {
      return findExactly(reactor, FileEngineKind.IO_URING);
    } catch (LinuxException e) {
      boolean tooOld = e.errno() == Errno.EINVAL;
      if (!tooOld && !isNotAllowed(e.errno())) {
        throw e;
      }
      if (!WARNED.getAndSet(true)) {
        LOG.warn(
            "io_uring {} ({}); files are served by threads, which is slower; {}",
            tooOld ? "of this kernel is too old" : "is not allowed here",
            e.getMessage(),
            tooOld
                ? "Linux 5.8 and later have what is needed"
                : "allow it by sysctl kernel.io_uring_disabled=0 and in the container's seccomp profile");
      }
      return findExactly(reactor, FileEngineKind.THREADS);
    }
  }

  /** No such call, forbidden by sysctl or seccomp, or too little of what may be locked. */
  private static boolean isNotAllowed(Errno errno) {
    return errno == Errno.ENOSYS
        || errno == Errno.EPERM
        || errno == Errno.EACCES
        || errno == Errno.ENOMEM;
  }

  private static FileEngine findExactly(Reactor reactor, FileEngineKind kind)
      throws LinuxException {
    Key key = new Key(reactor, kind);
    FileEngine engine = ENGINES.get(key);
    if (engine == null) {
      engine = create(reactor, kind);
      ENGINES.put(key, engine);
    }
    return engine;
  }

  private static FileEngine create(Reactor reactor, FileEngineKind kind) throws LinuxException {
    KernelQueue queue =
        kind == FileEngineKind.THREADS
            ? FileThreads.create(reactor.name())
            : FileRing.create(reactor);
    try {
      return new FileEngine(reactor, queue);
    } catch (RuntimeException e) {
      queue.close();
      throw e;
    }
  }

  /** Gives an engine back; the last user's ends it. On its reactor. */
  static void release(FileEngine engine) {
    synchronized (ENGINES) {
      if (--engine.users > 0) {
        return;
      }
      ENGINES.remove(new Key(engine.reactor(), engine.kind()));
    }
    engine.close();
  }
}
