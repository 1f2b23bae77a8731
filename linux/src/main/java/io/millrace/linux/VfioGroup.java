package io.millrace.linux;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/**
 * An IOMMU group: functions that the IOMMU cannot tell apart, so that one process drives them all.
 * The kernel lets it be opened once at a time. Control thread.
 */
public final class VfioGroup implements AutoCloseable {
  private final FileDescriptor fd;
  private final int number;

  private VfioGroup(FileDescriptor fd, int number) {
    this.fd = fd;
    this.number = number;
  }

  /**
   * Opens a group by its number, owned by the caller.
   *
   * @throws LinuxException EBUSY when a process has it; ENOENT when none of its functions is with
   *     vfio-pci; EPERM when another of its functions is with a driver of the host
   */
  public static VfioGroup open(int number) throws LinuxException {
    VfioGroup group = new VfioGroup(LinuxFiles.open(file(number), OpenFlag.READ_WRITE), number);
    try {
      group.requireViable();
      return group;
    } catch (LinuxException e) {
      group.close();
      throw e;
    }
  }

  /** The file that stands for a group. */
  public static Path file(int number) {
    return Path.of("/dev/vfio/" + number);
  }

  private void requireViable() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long status = arena.allocate(VfioAbi.GROUP_STATUS_BYTES, Long.BYTES).address();
      RawMemory.putInt(status + VfioAbi.ARGSZ, VfioAbi.GROUP_STATUS_BYTES);
      LinuxException.check(
          VfioAbi.ioctl(fd, VfioAbi.GROUP_GET_STATUS, status), "ask for the state of", this);
      if ((RawMemory.getInt(status + VfioAbi.FLAGS) & VfioAbi.GROUP_VIABLE) == 0) {
        throw new LinuxException(
            "use " + this + ", as not all of its functions are with vfio-pci",
            Errno.EPERM.number());
      }
    }
  }

  /**
   * Opens a function of the group, which is in a container; owned by the caller.
   *
   * @param name {@code 0000:01:00.0}
   */
  public VfioDevice device(String name) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long device =
          VfioAbi.ioctl(fd, VfioAbi.GROUP_GET_DEVICE_FD, arena.allocateFrom(name).address());
      return VfioDevice.of(
          FileDescriptor.own((int) LinuxException.check(device, "open " + name + " of", this)),
          name);
    }
  }

  FileDescriptor descriptor() {
    return fd;
  }

  @Override
  public void close() {
    fd.close();
  }

  @Override
  public String toString() {
    return "IOMMU group " + number;
  }
}
