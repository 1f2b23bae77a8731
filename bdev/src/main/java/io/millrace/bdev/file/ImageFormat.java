package io.millrace.bdev.file;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Image formats we do not read, by their magic: served as raw they would show a guest their inside,
 * and be destroyed.
 */
enum ImageFormat {
  QCOW2("qcow2", 0, "QFI\u00fb"),
  VMDK("VMDK", 0, "KDMV"),
  VMDK_OLD("VMDK", 0, "COWD"),
  VMDK_DESCRIPTOR("VMDK", 0, "# Disk DescriptorFile"),
  VHDX("VHDX", 0, "vhdxfile"),
  VHD("VHD", 0, "conectix"),
  LUKS("LUKS", 0, "LUKS\u00ba\u00be"),
  VDI("VDI", 0x40, "\u007f\u0010\u00da\u00be"),
  QED("QED", 0, "QED\0"),
  PARALLELS("Parallels", 0, "WithoutFreeSpace"),
  PARALLELS_EXTENDED("Parallels", 0, "WithouFreSpacExt");

  private static final int HEAD_BYTES = 4096; // whole blocks: the file may be open for direct I/O
  private static final int FOOTER_BYTES = 512;

  private final String title;
  private final int offset;
  private final String magic; // ISO 8859-1: a character a byte

  ImageFormat(String title, int offset, String magic) {
    this.title = title;
    this.offset = offset;
    this.magic = magic;
  }

  /** The format's name as {@code qemu-img} users know it. */
  String title() {
    return title;
  }

  /** The format of a file of {@code size} bytes, or null when it looks like nothing but raw. */
  static @Nullable ImageFormat detect(FileDescriptor fd, long size) throws LinuxException {
    try (Mapping buffer = Mapping.anonymous(2 * HEAD_BYTES, false)) {
      byte[] head = read(fd, buffer, 0);
      for (ImageFormat format : values()) {
        if (format.isAt(head, format.offset)) {
          return format;
        }
      }
      // A fixed VHD has its magic in a footer only: the last 512 bytes.
      long footer = size - FOOTER_BYTES;
      if (footer > 0) {
        long block = footer & -HEAD_BYTES;
        byte[] tail = read(fd, buffer, block);
        return VHD.isAt(tail, (int) (footer - block)) ? VHD : null;
      }
      return null;
    }
  }

  private static byte[] read(FileDescriptor fd, Mapping buffer, long at) throws LinuxException {
    int count = LinuxFiles.read(fd, buffer.address(), HEAD_BYTES, at);
    byte[] bytes = new byte[count];
    RawMemory.get(buffer.address(), bytes, 0, count);
    return bytes;
  }

  private boolean isAt(byte[] bytes, int at) {
    int length = magic.length();
    return at + length <= bytes.length
        && magic.equals(new String(bytes, at, length, StandardCharsets.ISO_8859_1));
  }
}
