package io.millrace.rpc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who may call: root, the owner of the socket's file, and its group if its mode lets that write.
 *
 * <p>The kernel lets connect whoever the file's mode lets write; this is asked once more of each
 * peer (SO_PEERCRED), so that a mode that somebody opened to everybody, or a moment before it was
 * set, lets no stranger in. Control thread.
 */
final class RpcPeers {
  private static final int ROOT = 0;
  private static final int GROUP_WRITES = 0020;
  private static final int OTHERS_WRITE = 0002;

  private RpcPeers() {}

  /**
   * Null for a peer that may call, else why it may not.
   *
   * @param uid its effective user when it connected
   * @param gid its effective group then
   * @param socket the file that it connected to
   */
  static @Nullable String refusal(int uid, int gid, Path socket) {
    if (uid == ROOT) {
      return null;
    }
    try {
      Map<String, Object> file =
          Files.readAttributes(socket, "unix:uid,gid,mode", LinkOption.NOFOLLOW_LINKS);
      return refusal(uid, gid, number(file, "uid"), number(file, "gid"), number(file, "mode"));
    } catch (IOException e) {
      return "user " + uid + " may not call: the socket's owner is not known: " + e.getMessage();
    }
  }

  static @Nullable String refusal(int uid, int gid, int owner, int group, int mode) {
    // What lets the group write and no others is the kernel's check of all groups of the peer.
    boolean member = (mode & GROUP_WRITES) != 0 && ((mode & OTHERS_WRITE) == 0 || gid == group);
    return uid == ROOT || uid == owner || member
        ? null
        : "user %d (group %d) may not call; root, user %d and, with mode 0660, group %d may"
            .formatted(uid, gid, owner, group);
  }

  private static int number(Map<String, Object> file, String attribute) {
    return file.get(attribute) instanceof Integer number ? number : -1;
  }
}
