package io.millrace.rpc.state;

import io.millrace.linux.Errno;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import io.millrace.rpc.state.StateFormat.Damage;
import io.millrace.rpc.state.StateFormat.Replayed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files of a store: {@code lock}, held as long as it is open, {@code state}, and {@code
 * state.new} while a new one is written. One thread at a time; it may wait for the disk.
 */
final class StateDirectory implements AutoCloseable {
  /** Longest file, in bytes: it is read as a whole. */
  static final long MAX_FILE_BYTES = 256 << 20;

  /**
   * What is allocated at a time behind the end of the file, if there is room for more than asked.
   */
  private static final long AHEAD_BYTES = 256 << 10;

  private final Path directory;
  private final Path file;
  private final Path next;
  private final FileDescriptor lock;
  private final StateFile.Opener opener;
  private @Nullable StateFile open;
  private long size;
  private long allocatedTo; // what may be written up to without the file system looking for room

  private StateDirectory(Path directory, StateFile.Opener opener, FileDescriptor lock) {
    this.directory = directory;
    this.opener = opener;
    this.lock = lock;
    file = directory.resolve("state");
    next = directory.resolve("state.new");
  }

  /** Claims a directory, which is made if there is none. */
  static StateDirectory claim(Path directory, StateFile.Opener opener) throws StateException {
    Path lockFile = directory.resolve("lock");
    FileDescriptor lock;
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectory(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        sync(directory.toAbsolutePath().getParent());
      }
      lock = LinuxFiles.open(lockFile, OpenFlag.READ_WRITE, OpenFlag.CREATE, OpenFlag.NO_FOLLOW);
    } catch (IOException e) {
      throw new StateException(
          "%s: cannot be used as state directory: %s; let this user write there or choose another"
              .formatted(directory, reason(e)),
          e);
    }
    try {
      if (LinuxFiles.tryLockWhole(lock)) {
        return new StateDirectory(directory, opener, lock);
      }
      lock.close();
      throw new StateException(
          "%s: another process uses it (it holds %s); stop that one or choose another directory"
              .formatted(directory, lockFile));
    } catch (LinuxException e) {
      lock.close();
      throw new StateException("%s: cannot be locked: %s".formatted(lockFile, reason(e)), e);
    }
  }

  /** Where it is. */
  Path file() {
    return file;
  }

  /** Bytes of the file. */
  long size() {
    return size;
  }

  /** Reads what is there, nothing at first, and cuts off a batch that was torn. */
  Replayed read() throws StateException {
    try {
      Files.deleteIfExists(next); // of a compaction that did not come to its end
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        replace(Map.of(), 0, 0);
      }
      Replayed replayed = replay(file);
      StateFile writable = open;
      if (writable == null) {
        writable = opener.open(file);
        open = writable;
      }
      if (writable.size() > replayed.intactBytes()) {
        writable.truncate(replayed.intactBytes());
        writable.sync();
      }
      size = replayed.intactBytes();
      allocatedTo = size;
      return replayed;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Reads the file of a directory that may be somebody else's; null when there is none. */
  static @Nullable Replayed peek(Path directory) throws StateException {
    Path file = directory.resolve("state");
    try {
      return Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? replay(file) : null;
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static Replayed replay(Path file) throws StateException, IOException {
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new Damage("it has more than %d bytes".formatted(MAX_FILE_BYTES));
      }
      return StateFormat.replay(ByteBuffer.wrap(Files.readAllBytes(file)));
    } catch (Damage e) {
      throw new StateException(
          "%s: %s; put a copy back that is in order, or remove the file to begin without state"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /**
   * Makes sure that so many bytes can be appended: finds room for them, or sees that a disk which
   * had some can still be written.
   */
  void reserve(long bytes) throws IOException {
    long room = allocatedTo - size;
    if (bytes <= room) {
      allocate(room);
      return;
    }
    try {
      allocate(bytes + AHEAD_BYTES);
    } catch (LinuxException e) {
      allocate(bytes);
    }
  }

  private void allocate(long bytes) throws IOException {
    if (bytes > 0) {
      allocate(opened(), size, bytes);
      allocatedTo = size + bytes;
    }
  }

  private void allocate(StateFile where, long at, long bytes) throws IOException {
    try {
      where.allocate(at, bytes);
    } catch (LinuxException e) {
      if (e.errno() != Errno.EOPNOTSUPP) {
        throw e;
      }
      FileStore store = Files.getFileStore(directory); // it cannot promise, but it can be asked
      if (store.getUsableSpace() < bytes) {
        throw new LinuxException("allocate " + file, Errno.ENOSPC.number());
      }
    }
  }

  /** Appends and waits until it is durable; or else it is not there, but for {@link Unknown}. */
  void append(ByteBuffer batch) throws IOException {
    StateFile to = opened();
    int bytes = batch.remaining();
    try {
      to.write(batch, size);
    } catch (IOException e) {
      takeBack(to, e);
      throw e;
    }
    try {
      to.sync();
    } catch (IOException e) {
      throw new Unknown(e);
    }
    size += bytes;
  }

  private void takeBack(StateFile from, IOException why) throws Unknown {
    try {
      from.truncate(size);
      from.sync();
      allocatedTo = size;
    } catch (IOException e) {
      throw new Unknown(why);
    }
  }

  /** The disk did not say whether what was written is durable: nobody knows what the file has. */
  static final class Unknown extends IOException {
    private static final long serialVersionUID = 1;

    Unknown(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  /**
   * Puts a new file with nothing but these records into the place of the old one.
   *
   * @param reserved bytes for which there has to be room behind
   */
  void replace(Map<String, byte[]> records, long nextSequence, long reserved) throws IOException {
    ByteBuffer snapshot = StateFormat.snapshot(records, nextSequence);
    int bytes = snapshot.remaining();
    StateFile written = opener.open(next);
    try {
      written.truncate(0);
      written.write(snapshot, 0);
      if (reserved > 0) {
        allocate(written, bytes, reserved);
      }
      written.sync();
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      written.close();
      throw e;
    }
    StateFile old = open;
    open = written;
    size = bytes;
    allocatedTo = bytes + reserved;
    if (old != null) {
      old.close();
    }
    try {
      sync(directory);
    } catch (IOException e) {
      throw new Unknown(e); // which of the two files is there after a power failure
    }
  }

  private static void sync(@Nullable Path directory) throws IOException {
    if (directory != null) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private StateFile opened() throws IOException {
    StateFile file = open;
    if (file == null) {
      throw new IOException("it is closed");
    }
    return file;
  }

  /** What to say of a file that cannot be read or written. */
  StateException failed(IOException e) {
    return failed(file, e);
  }

  private static StateException failed(Path file, IOException e) {
    return new StateException(
        "%s: cannot be read or written: %s; make room there, or see what its disk has"
            .formatted(file, reason(e)),
        e);
  }

  private static String reason(IOException e) {
    String message = String.valueOf(e.getMessage()).replace('\n', ' ');
    return e.getClass().getPackageName().startsWith("java.nio.file")
        ? e.getClass().getSimpleName() + " " + message
        : message;
  }

  @Override
  public void close() {
    StateFile closing = open;
    open = null;
    try {
      if (closing != null) {
        closing.close();
      }
    } catch (IOException e) {
      // What was acknowledged is durable: closing adds nothing to it.
    }
    lock.close();
  }
}
