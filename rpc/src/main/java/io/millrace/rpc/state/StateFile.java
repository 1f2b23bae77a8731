package io.millrace.rpc.state;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file that is written and made durable. One thread at a time; each method may wait. */
interface StateFile extends AutoCloseable {
  /** Opens files; one that does not exist is made. */
  @FunctionalInterface
  interface Opener {
    StateFile open(Path path) throws IOException;
  }

  /** Writes all of it there. */
  void write(ByteBuffer bytes, long at) throws IOException;

  /** Cuts it off; gives back what was allocated behind. */
  void truncate(long size) throws IOException;

  /** Waits until all that was written is durable. */
  void sync() throws IOException;

  /**
   * Has the file system find room for bytes from {@code at} on, beyond the end too; the length of
   * the file stays. Fails as a write there would.
   */
  void allocate(long at, long bytes) throws LinuxException;

  /** Its length in bytes. */
  long size() throws IOException;

  @Override
  void close() throws IOException;

  /** The real thing. */
  static StateFile open(Path path) throws IOException {
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      return new OfDisk(channel, LinuxFiles.open(path, OpenFlag.READ_WRITE));
    } catch (LinuxException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * On a file system.
   *
   * @param fd of the same file, for what a channel cannot do
   */
  record OfDisk(FileChannel channel, FileDescriptor fd) implements StateFile {
    @Override
    public void write(ByteBuffer bytes, long at) throws IOException {
      long to = at;
      while (bytes.hasRemaining()) {
        to += channel.write(bytes, to);
      }
    }

    @Override
    public void truncate(long size) throws IOException {
      channel.truncate(size);
    }

    @Override
    public void sync() throws IOException {
      channel.force(true);
    }

    @Override
    public void allocate(long at, long bytes) throws LinuxException {
      LinuxFiles.allocate(fd, LinuxFiles.FALLOC_FL_KEEP_SIZE, at, bytes);
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public void close() throws IOException {
      fd.close();
      channel.close();
    }
  }
}
