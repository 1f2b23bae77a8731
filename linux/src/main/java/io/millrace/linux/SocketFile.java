package io.millrace.linux;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The claim to a name for a listening Unix socket: two servers cannot hold the same, a dead
 * server's file is removed, a live one's is not touched.
 *
 * <p>The claim is a lock (flock) on {@code NAME.lock}, as SPDK takes it, so that two servers that
 * start at the same time cannot both find the old socket dead. Binding is the owner's business,
 * after {@link #claim}; {@link #close} removes both files. Control threads only: it opens files.
 */
public final class SocketFile implements AutoCloseable {
  /** Longest name in bytes: {@code sun_path} has room for one more, but the JDK refuses it. */
  public static final int MAX_PATH_BYTES = 106;

  private static final int CLAIM_ATTEMPTS = 100;

  private final Path path;
  private final Path lockPath;
  private final FileDescriptor lock;
  private boolean closed;

  private SocketFile(Path path, Path lockPath, FileDescriptor lock) {
    this.path = path;
    this.lockPath = lockPath;
    this.lock = lock;
  }

  /**
   * Claims {@code path} and removes the socket of a server that is gone.
   *
   * @throws IOException the name cannot be had; the message is one line that names it and says what
   *     to do, and nothing is left behind
   */
  public static SocketFile claim(Path path) throws IOException {
    checkName(path);
    Path lockPath = Path.of(path + ".lock");
    for (int attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
      SocketFile claimed = tryClaim(path, lockPath);
      if (claimed != null) {
        return claimed;
      }
    }
    throw new IOException(path + ": its lock file " + lockPath + " keeps changing; try again");
  }

  /**
   * Refuses what can be no socket's name: one that is too long, or in a directory that is not
   * there.
   *
   * @throws IOException it is such a name; the message is one line
   */
  public static void checkName(Path path) throws IOException {
    int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_PATH_BYTES) {
      throw new IOException(
          path
              + ": a socket's path has at most "
              + MAX_PATH_BYTES
              + " bytes, this one "
              + bytes
              + "; choose a shorter one");
    }
    Path directory = path.toAbsolutePath().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw new IOException(path + ": there is no directory " + directory + "; create it first");
    }
  }

  /** Null when the lock file was removed by its former owner meanwhile: to be tried again. */
  private static @Nullable SocketFile tryClaim(Path path, Path lockPath) throws IOException {
    FileDescriptor lock = openLock(path, lockPath);
    boolean claimed = false;
    try {
      if (!LinuxFiles.tryLockWhole(lock)) {
        throw new IOException(
            path + ": another server listens there (it holds " + lockPath + "); choose another");
      }
      if (!isStillAt(lockPath, lock)) {
        return null;
      }
      SocketFile result = new SocketFile(path, lockPath, lock);
      result.removeDead();
      claimed = true;
      return result;
    } finally {
      if (!claimed) {
        lock.close();
      }
    }
  }

  /** Never through a link: somebody may have put one into a folder that all can write to. */
  private static FileDescriptor openLock(Path path, Path lockPath) throws IOException {
    try {
      return LinuxFiles.open(lockPath, OpenFlag.READ_WRITE, OpenFlag.CREATE, OpenFlag.NO_FOLLOW);
    } catch (LinuxException e) {
      throw new IOException(
          path
              + ": its lock file "
              + lockPath
              + " cannot be opened: "
              + LinuxException.text(e.number())
              + (e.errno() == Errno.ENOSPC ? "; make room there" : "; let this user write there")
              + ", or choose another folder",
          e);
    }
  }

  private static boolean isStillAt(Path lockPath, FileDescriptor lock) throws LinuxException {
    try {
      FileStatus now = LinuxFiles.status(lockPath);
      FileStatus held = LinuxFiles.status(lock);
      return now.inode() == held.inode() && now.device() == held.device();
    } catch (LinuxException gone) {
      if (gone.errno() == Errno.ENOENT) {
        return false;
      }
      throw gone;
    }
  }

  private void removeDead() throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    String inTheWay = inTheWay();
    if (inTheWay != null) {
      Files.deleteIfExists(lockPath);
      throw new IOException(path + ": " + inTheWay);
    }
    Files.delete(path);
  }

  /** Null when what stands at the name is the socket of a dead server. */
  private @Nullable String inTheWay() throws IOException {
    if (Files.isSymbolicLink(path) || LinuxFiles.status(path).kind() != FileStatus.Kind.SOCKET) {
      return "is there and is not a socket; remove it or choose another name";
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.configureBlocking(false); // a live server with a full backlog must not hold us
      probe.connect(UnixDomainSocketAddress.of(path));
      return "another server listens there; stop it or choose another name";
    } catch (ConnectException refused) {
      return null;
    } catch (IOException unknown) {
      return "cannot tell whether a server listens there (" + unknown.getMessage() + ")";
    }
  }

  /** The name that was claimed. */
  public Path path() {
    return path;
  }

  /** Removes the socket's file and gives the claim up; later calls do nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    deleteQuietly(path);
    deleteQuietly(lockPath);
    lock.close();
  }

  private static void deleteQuietly(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException leftBehind) {
      // Somebody took the directory away or its permissions: nothing can be done about the file.
    }
  }
}
