package io.millrace.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.BitSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Claims cores for this process by SPDK's own files, so that neither takes the other's: one for
 * each core, locked (fcntl) and with the owner's process number in it. They end with the process,
 * however it ends. Millrace claims none unless asked to, as its reactors sleep and share a core
 * without harm. Control thread.
 */
final class CoreLocks {
  /** Where SPDK has its files. */
  static final Path DIRECTORY = Path.of("/var/tmp");

  private final Path directory;
  private final Map<Integer, FileChannel> held = new TreeMap<>();

  CoreLocks(Path directory) {
    this.directory = directory;
  }

  /** A core that could not be claimed or given back. */
  static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1;

    private final int core;

    private RefusedException(int core, String message) {
      super(message);
      this.core = core;
    }

    int core() {
      return core;
    }
  }

  /**
   * Claims cores, all or none; those that are held already stay so.
   *
   * @throws RefusedException another process has one, or its file cannot be written
   */
  void claim(BitSet cores) throws RefusedException {
    BitSet fresh = (BitSet) cores.clone();
    held.keySet().forEach(fresh::clear);
    BitSet claimed = new BitSet();
    try {
      for (int core = fresh.nextSetBit(0); core >= 0; core = fresh.nextSetBit(core + 1)) {
        held.put(core, lock(core));
        claimed.set(core);
      }
    } catch (RefusedException e) {
      for (int core = claimed.nextSetBit(0); core >= 0; core = claimed.nextSetBit(core + 1)) {
        release(core);
      }
      throw e;
    }
  }

  private Path file(int core) {
    return directory.resolve("spdk_cpu_lock_%03d".formatted(core));
  }

  private FileChannel lock(int core) throws RefusedException {
    Path file = file(core);
    try {
      FileChannel channel =
          FileChannel.open(
              file,
              Set.of(
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE,
                  StandardOpenOption.CREATE,
                  LinkOption.NOFOLLOW_LINKS), // anybody may write to the directory
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try {
        lock(core, channel);
        return channel;
      } catch (IOException | RefusedException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new RefusedException(core, file + ": " + e);
    }
  }

  private void lock(int core, FileChannel channel) throws IOException, RefusedException {
    ByteBuffer pid = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.nativeOrder());
    if (!tryLock(channel)) {
      channel.read(pid, 0);
      throw new RefusedException(
          core,
          "process %d has core %d (%s); stop it, or give one of them other cores (-m)"
              .formatted(pid.getInt(0), core, file(core)));
    }
    pid.putInt(0, (int) ProcessHandle.current().pid());
    channel.write(pid, 0);
  }

  private static boolean tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // another server in this process
    }
  }

  /** Gives all back. */
  void release() throws RefusedException {
    for (int core : Set.copyOf(held.keySet())) {
      release(core);
    }
  }

  /** The file goes while it is locked: nobody else's is removed. */
  private void release(int core) throws RefusedException {
    FileChannel channel = held.remove(core);
    if (channel == null) {
      return;
    }
    try (channel) {
      Files.deleteIfExists(file(core));
    } catch (IOException e) {
      throw new RefusedException(core, file(core) + ": " + e);
    }
  }
}
