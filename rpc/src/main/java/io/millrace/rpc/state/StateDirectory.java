package io.millrace.rpc.state;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import io.millrace.rpc.state.StateFormat.Damage;
import io.millrace.rpc.state.StateFormat.Replayed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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

  private final Path directory;
  private final Path file;
  private final Path next;
  private final FileDescriptor lock;
  private @Nullable FileChannel open;
  private long size;

  private StateDirectory(Path directory, FileDescriptor lock) {
    this.directory = directory;
    this.lock = lock;
    file = directory.resolve("state");
    next = directory.resolve("state.new");
  }

  /** Claims a directory, which is made if there is none. */
  static StateDirectory claim(Path directory) throws StateException {
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
        return new StateDirectory(directory, lock);
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
        replace(Map.of(), 0);
      }
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new Damage("it has more than %d bytes".formatted(MAX_FILE_BYTES));
      }
      Replayed replayed = StateFormat.replay(ByteBuffer.wrap(Files.readAllBytes(file)));
      FileChannel channel = open;
      if (channel == null) {
        channel = FileChannel.open(file, StandardOpenOption.WRITE);
        open = channel;
      }
      if (channel.size() > replayed.intactBytes()) {
        channel.truncate(replayed.intactBytes());
        channel.force(true);
      }
      size = replayed.intactBytes();
      return replayed;
    } catch (Damage e) {
      throw new StateException(
          "%s: %s; put a copy back that is in order, or remove the file to begin without state"
              .formatted(file, e.getMessage()),
          e);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Appends and waits until it is durable; or else it is not there, but for {@link Unknown}. */
  void append(ByteBuffer batch) throws IOException {
    FileChannel channel = channel();
    long before = size;
    try {
      writeFully(channel, batch, before);
    } catch (IOException e) {
      takeBack(channel, before, e);
      throw e;
    }
    try {
      channel.force(true);
    } catch (IOException e) {
      throw new Unknown(e);
    }
    size = channel.size();
  }

  private static void takeBack(FileChannel channel, long before, IOException why) throws Unknown {
    try {
      channel.truncate(before);
      channel.force(true);
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

  /** Puts a new file with nothing but these records into the place of the old one. */
  void replace(Map<String, byte[]> records, long nextSequence) throws IOException {
    ByteBuffer snapshot = StateFormat.snapshot(records, nextSequence);
    FileChannel written =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    try {
      writeFully(written, snapshot, 0);
      written.force(true);
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      written.close();
      throw e;
    }
    FileChannel old = open;
    open = written;
    size = written.size();
    if (old != null) {
      old.close();
    }
    try {
      sync(directory);
    } catch (IOException e) {
      throw new Unknown(e); // which of the two files is there after a power failure
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes, long at)
      throws IOException {
    long to = at;
    while (bytes.hasRemaining()) {
      to += channel.write(bytes, to);
    }
  }

  private static void sync(@Nullable Path directory) throws IOException {
    if (directory != null) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private FileChannel channel() throws IOException {
    FileChannel channel = open;
    if (channel == null) {
      throw new IOException("it is closed");
    }
    return channel;
  }

  /** What to say of a file that cannot be read or written. */
  StateException failed(IOException e) {
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
    FileChannel channel = open;
    open = null;
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // What was acknowledged is durable: closing adds nothing to it.
    }
    lock.close();
  }
}
