package io.millrace.bdev.file;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevException.Kind;
import io.millrace.bdev.BdevProperties;
import io.millrace.linux.Errno;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.FileStatus;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An image or block device, opened, locked and found fit to be served.
 *
 * @param fd owned by whoever has this
 * @param size bytes it can hold
 * @param blockSize bytes of a logical block
 * @param physicalBlockSize bytes that are written best at once
 * @param memoryAlignment bytes that addresses and lengths of memory are multiples of; 1 through the
 *     page cache
 * @param blockDevice whether it is a device and not a regular file
 */
record ImageFile(
    FileDescriptor fd,
    long size,
    int blockSize,
    int physicalBlockSize,
    int memoryAlignment,
    boolean blockDevice) {
  private static final Logger LOG = LoggerFactory.getLogger(ImageFile.class);
  private static final int SECTOR = 512;
  private static final long PAGE = 4096;
  private static final long LOCK_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long LOCK_LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** Opens what the options say. The message of a failure names file, cause and remedy. */
  static ImageFile open(FileBdevOptions options) throws BdevException {
    String where = "bdev " + options.name() + ": " + options.path();
    FileStatus.Kind kind = kindOf(options, where);
    FileDescriptor fd = open(options, kind, where);
    try {
      lock(fd, options, where);
      boolean device = kind == FileStatus.Kind.BLOCK;
      FileStatus status = LinuxFiles.status(fd);
      long size = device ? LinuxFiles.blockDeviceSize(fd) : status.size();
      refuseFormat(fd, size, options, where);
      DirectAlignment alignment = DirectAlignment.of(fd, status, options.direct(), where);
      int blockSize = blockSize(options, alignment, where);
      if (size < blockSize) {
        throw new BdevException(
            Kind.INVALID,
            where
                + " has "
                + size
                + " bytes, less than one block of "
                + blockSize
                + "; give it a size");
      }
      if (size % blockSize != 0) {
        LOG.warn(
            "{}: its last {} bytes are no whole block of {} and not served",
            where,
            size % blockSize,
            blockSize);
      }
      long physical = device ? LinuxFiles.blockDevicePhysicalBlock(fd) : status.blockSize();
      return new ImageFile(
          fd, size, blockSize, physicalBlock(physical, blockSize), alignment.memory(), device);
    } catch (LinuxException e) {
      fd.close();
      throw new BdevException(Kind.SYSTEM, where + " cannot be used: " + e.getMessage(), e);
    } catch (BdevException e) {
      fd.close();
      throw e;
    }
  }

  /** Bytes it can hold now: others may have given it another size since it was opened. */
  long currentSize() throws LinuxException {
    return blockDevice ? LinuxFiles.blockDeviceSize(fd) : LinuxFiles.status(fd).size();
  }

  /**
   * Whether blocks can be deallocated: tried behind the end of a file, where it changes nothing. A
   * device says so only when it is asked to.
   */
  boolean canHaveHoles() {
    if (blockDevice) {
      return true;
    }
    try {
      LinuxFiles.allocate(
          fd,
          LinuxFiles.FALLOC_FL_PUNCH_HOLE | LinuxFiles.FALLOC_FL_KEEP_SIZE,
          (size + PAGE - 1) & -PAGE,
          PAGE);
      return true;
    } catch (LinuxException e) {
      LOG.info("{} takes no holes, so its disk does no unmap: {}", fd, e.getMessage());
      return false;
    }
  }

  private static FileStatus.Kind kindOf(FileBdevOptions options, String where)
      throws BdevException {
    FileStatus.Kind kind;
    try {
      kind = LinuxFiles.status(options.path()).kind();
    } catch (LinuxException e) {
      throw refused(e, where, options);
    }
    if (kind != FileStatus.Kind.REGULAR && kind != FileStatus.Kind.BLOCK) {
      throw new BdevException(
          Kind.INVALID,
          where + " is neither an image file nor a block device (" + kind + "); name one that is");
    }
    return kind;
  }

  private static FileDescriptor open(FileBdevOptions options, FileStatus.Kind kind, String where)
      throws BdevException {
    List<OpenFlag> flags = new ArrayList<>();
    flags.add(options.readOnly() ? OpenFlag.READ_ONLY : OpenFlag.READ_WRITE);
    if (options.direct()) {
      flags.add(OpenFlag.DIRECT);
    }
    if (kind == FileStatus.Kind.BLOCK && !options.readOnly()) {
      flags.add(OpenFlag.EXCLUSIVE); // the kernel refuses when it is mounted
    }
    try {
      return LinuxFiles.open(options.path(), flags.toArray(OpenFlag[]::new));
    } catch (LinuxException e) {
      throw refused(e, where, options);
    }
  }

  private static BdevException refused(LinuxException e, String where, FileBdevOptions options) {
    Errno errno = e.errno();
    String remedy =
        switch (errno) {
          case ENOENT -> "; create it, for example with: truncate -s 10G " + options.path();
          case EACCES, EPERM ->
              "; allow this user to " + (options.readOnly() ? "read" : "read and write") + " it";
          case EROFS -> "; its file system is read-only: serve it read-only";
          case EBUSY -> "; the device is mounted or in use: unmount it";
          case EINVAL ->
              options.direct() ? "; its file system has no direct I/O: leave that out" : "";
          default -> "";
        };
    Kind kind = errno == Errno.EBUSY ? Kind.BUSY : Kind.SYSTEM;
    return new BdevException(kind, where + ": " + LinuxException.text(e.number()) + remedy, e);
  }

  private static void lock(FileDescriptor fd, FileBdevOptions options, String where)
      throws BdevException, LinuxException {
    boolean free;
    try {
      free = takeSoon(fd, !options.readOnly());
    } catch (LinuxException e) {
      if (e.errno() != Errno.ENOLCK && e.errno() != Errno.EOPNOTSUPP && e.errno() != Errno.EINVAL) {
        throw e;
      }
      LOG.warn("{}: its file system has no locks; take care that nobody else writes it", where);
      return;
    }
    if (!free) {
      throw new BdevException(
          Kind.BUSY,
          where
              + " is in use by another program (QEMU, Millrace) or bdev; stop that, or serve it read-only in both");
    }
  }

  /**
   * Takes the lock, now or soon: a process that was killed holds its own until the kernel has ended
   * the I/O that it left, a moment after it is gone, and the next may be there before that.
   */
  private static boolean takeSoon(FileDescriptor fd, boolean writable) throws LinuxException {
    long deadline = System.nanoTime() + LOCK_WAIT_NANOS;
    boolean free = ImageLock.take(fd, writable);
    while (!free && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(LOCK_LOOK_NANOS);
      free = ImageLock.take(fd, writable);
    }
    return free;
  }

  private static void refuseFormat(
      FileDescriptor fd, long size, FileBdevOptions options, String where)
      throws BdevException, LinuxException {
    ImageFormat format = options.raw() ? null : ImageFormat.detect(fd, size);
    if (format != null) {
      throw new BdevException(
          Kind.INVALID,
          where
              + " looks like "
              + format.title()
              + ", and only raw images are served; convert it with qemu-img convert -O raw, or say format=raw");
    }
  }

  private static int blockSize(FileBdevOptions options, DirectAlignment alignment, String where)
      throws BdevException {
    int smallest = Math.max(SECTOR, alignment.offset());
    int asked = options.blockSize() == 0 ? smallest : options.blockSize();
    if (!BdevProperties.isBlockSize(asked)) {
      throw new BdevException(
          Kind.INVALID,
          where
              + ": block size "
              + asked
              + " is no power of two from 512 to "
              + BdevProperties.MAX_BLOCK_SIZE);
    }
    if (asked < smallest) {
      throw new BdevException(
          Kind.INVALID,
          where
              + ": block size "
              + asked
              + " is below the "
              + smallest
              + " bytes it is accessed by; say "
              + smallest
              + (options.direct() ? ", or leave direct I/O out" : ""));
    }
    return asked;
  }

  /** The medium's own block, where it is one that a logical block can be told with. */
  private static int physicalBlock(long medium, int blockSize) {
    return BdevProperties.isBlockSize(medium) ? Math.max((int) medium, blockSize) : blockSize;
  }
}
