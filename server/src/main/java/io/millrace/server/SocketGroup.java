package io.millrace.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A group of {@code --socket-group}, by number or by name. */
final class SocketGroup {
  private static final Path GROUPS = Path.of("/etc/group");
  private static final int GID_FIELD = 2;

  private SocketGroup() {}

  /** The group's number; a name is looked up in /etc/group. */
  static int number(String group) throws CommandException {
    if (group.matches("\\d{1,9}")) {
      return Integer.parseInt(group);
    }
    try {
      return find(group, Files.readAllLines(GROUPS));
    } catch (IOException e) {
      throw CommandException.misused(
          "--socket-group " + group + ": " + GROUPS + " cannot be read; give the group's number");
    }
  }

  private static int find(String group, List<String> lines) throws CommandException {
    for (String line : lines) {
      String[] fields = line.split(":", -1);
      if (fields[0].equals(group) && fields.length > GID_FIELD) {
        return Integer.parseInt(fields[GID_FIELD]);
      }
    }
    throw CommandException.misused(
        "--socket-group " + group + ": there is no such group in " + GROUPS + "; give its number");
  }
}
