package io.millrace.bdev.file;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;

/**
 * QEMU's image locking protocol (its block/file-posix.c): what a program does with an image, and
 * what nobody else may do meanwhile, are shared locks on single bytes of the file. Everybody takes
 * his own and then looks for another's that contradict. The locks belong to the open file and end
 * with it.
 */
final class ImageLock {
  /** Byte of permission 0 in use. */
  private static final int USED = 100;

  /** Byte of permission 0 denied to others. */
  private static final int DENIED = 200;

  private static final int CONSISTENT_READ = 0;
  private static final int WRITE = 1;
  private static final int RESIZE = 3;

  /** What a disk that somebody reads must not suffer from others. */
  private static final int[] DENIES = {WRITE, RESIZE};

  private static final int[] READER = {CONSISTENT_READ};
  private static final int[] WRITER = {CONSISTENT_READ, WRITE};

  private ImageLock() {}

  /**
   * Locks an open image; false when somebody else's use contradicts ours. Then nothing of ours is
   * left locked.
   */
  static boolean take(FileDescriptor fd, boolean writable) throws LinuxException {
    int[] uses = writable ? WRITER : READER;
    boolean free = true;
    for (int permission : uses) {
      free &= LinuxFiles.tryShareLock(fd, USED + permission, 1);
    }
    for (int permission : DENIES) {
      free &= LinuxFiles.tryShareLock(fd, DENIED + permission, 1);
    }
    for (int permission : uses) {
      free &= !LinuxFiles.wouldConflict(fd, DENIED + permission, 1);
    }
    for (int permission : DENIES) {
      free &= !LinuxFiles.wouldConflict(fd, USED + permission, 1);
    }
    if (!free) {
      LinuxFiles.unlock(fd, USED, DENIED - USED);
      LinuxFiles.unlock(fd, DENIED, DENIED - USED);
    }
    return free;
  }
}
