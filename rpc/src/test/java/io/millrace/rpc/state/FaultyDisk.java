package io.millrace.rpc.state;

import io.millrace.linux.Errno;
import io.millrace.linux.LinuxException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Opens files that fail when a test says so. A disk that dies writes what it still may, and then
 * nothing at all: what a crash leaves. Nothing waits for a real disk.
 */
final class FaultyDisk implements StateFile.Opener {
  private long bytesToDeath = Long.MAX_VALUE;
  private long written;
  private @Nullable Errno noRoom;
  private boolean failsWrites;
  private boolean failsSyncs;

  /** Dies after so many bytes more. */
  synchronized FaultyDisk dyingAfter(long bytes) {
    bytesToDeath = bytes;
    return this;
  }

  /** Bytes written so far. */
  synchronized long written() {
    return written;
  }

  /** Finds no room from now on; null to find some again. */
  synchronized void refuseRoom(@Nullable Errno why) {
    noRoom = why;
  }

  /** Fails writes from now on. */
  synchronized void failWrites() {
    failsWrites = true;
  }

  /** Fails syncs from now on: what was written may be there, or not. */
  synchronized void failSyncs() {
    failsSyncs = true;
  }

  private synchronized void live(boolean fails) throws IOException {
    if (fails || bytesToDeath <= 0) {
      throw new IOException("Input/output error");
    }
  }

  private synchronized int take(int bytes) {
    int taken = (int) Math.min(bytes, bytesToDeath);
    bytesToDeath -= taken;
    written += taken;
    return taken;
  }

  private synchronized void room() throws LinuxException {
    if (noRoom != null) {
      throw new LinuxException("fallocate", noRoom.number());
    }
  }

  @Override
  public StateFile open(Path path) throws IOException {
    live(false);
    if (Files.isDirectory(path)) {
      throw new IOException("Is a directory");
    }
    return new Faulty(StateFile.open(path));
  }

  private final class Faulty implements StateFile {
    private final StateFile file;

    Faulty(StateFile file) {
      this.file = file;
    }

    @Override
    public void write(ByteBuffer bytes, long at) throws IOException {
      live(failsWrites);
      int taken = take(bytes.remaining());
      boolean whole = taken == bytes.remaining();
      file.write(bytes.limit(bytes.position() + taken), at);
      live(!whole);
    }

    @Override
    public void truncate(long size) throws IOException {
      live(false);
      file.truncate(size);
    }

    @Override
    public void sync() throws IOException {
      live(failsSyncs);
    }

    @Override
    public void allocate(long at, long bytes) throws LinuxException {
      room();
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
