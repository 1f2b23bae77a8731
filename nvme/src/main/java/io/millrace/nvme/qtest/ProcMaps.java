package io.millrace.nvme.qtest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which file the memory of this process belongs to: {@code /proc/self/maps}. Control thread. */
final class ProcMaps {
  private static final int FIELD_RANGE = 0;
  private static final int FIELD_PERMISSIONS = 1;
  private static final int FIELD_OFFSET = 2;
  private static final int FIELD_DEVICE = 3;
  private static final int FIELD_INODE = 4;
  private static final int SHARED = 3; // index of the 's' in rw-s

  /**
   * A byte of a file.
   *
   * @param device the file system, major number in the upper half
   * @param inode the file
   * @param offset from its start
   */
  record Place(long device, long inode, long offset) {}

  private record Line(long start, long end, boolean shared, long device, long inode, long offset) {
    static Line of(String text) {
      String[] field = text.split(" +", FIELD_INODE + 2);
      int dash = field[FIELD_RANGE].indexOf('-');
      int colon = field[FIELD_DEVICE].indexOf(':');
      return new Line(
          Long.parseUnsignedLong(field[FIELD_RANGE], 0, dash, 16),
          Long.parseUnsignedLong(field[FIELD_RANGE], dash + 1, field[FIELD_RANGE].length(), 16),
          field[FIELD_PERMISSIONS].charAt(SHARED) == 's',
          Long.parseLong(field[FIELD_DEVICE], 0, colon, 16) << 32
              | Long.parseLong(field[FIELD_DEVICE], colon + 1, field[FIELD_DEVICE].length(), 16),
          Long.parseLong(field[FIELD_INODE]),
          Long.parseUnsignedLong(field[FIELD_OFFSET], 16));
    }

    /** Whether this mapping goes on where {@code before} ends, in memory and in the file. */
    boolean continues(Line before) {
      return start == before.end
          && shared
          && device == before.device
          && inode == before.inode
          && offset == before.offset + (before.end - before.start);
    }
  }

  private ProcMaps() {}

  /**
   * Where in a file the range begins, if all of it is one file's, mapped shared and in one piece.
   *
   * @return null if it is not
   */
  static @Nullable Place find(long address, long bytes) throws IOException {
    return find(Path.of("/proc/self/maps"), address, bytes);
  }

  static @Nullable Place find(Path maps, long address, long bytes) throws IOException {
    List<Line> lines;
    try (Stream<String> text = Files.lines(maps, StandardCharsets.ISO_8859_1)) {
      // The kernel splits a mapping where it was treated differently (madvise, mprotect).
      lines =
          text.map(Line::of)
              .filter(line -> line.end > address && line.start < address + bytes)
              .toList();
    }
    if (lines.isEmpty() || lines.getFirst().start > address || !lines.getFirst().shared) {
      return null;
    }
    for (int i = 1; i < lines.size(); i++) {
      if (!lines.get(i).continues(lines.get(i - 1))) {
        return null;
      }
    }
    if (lines.getLast().end < address + bytes) {
      return null;
    }
    Line first = lines.getFirst();
    return new Place(first.device, first.inode, first.offset + (address - first.start));
  }
}
