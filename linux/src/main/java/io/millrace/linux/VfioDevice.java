package io.millrace.linux;

import java.lang.foreign.Arena;
import java.util.List;

/** A PCI function in the hands of this process, by way of vfio-pci. Control thread. */
public final class VfioDevice implements AutoCloseable {
  /** {@link #region} of configuration space; base address registers are 0 to 5. */
  public static final int CONFIG_REGION = VfioAbi.CONFIG_REGION;

  /** {@link #interruptCount}: message signalled, at most 32. */
  public static final int MSI = 1;

  /** {@link #interruptCount}: message signalled, by a table in one of its regions. */
  public static final int MSIX = 2;

  /** {@link #interruptCount}: the kernel wants the function back; no interrupt of the device. */
  public static final int REQUEST = 4;

  private final FileDescriptor fd;
  private final String name;
  private final boolean resettable;

  private VfioDevice(FileDescriptor fd, String name, boolean resettable) {
    this.fd = fd;
    this.name = name;
    this.resettable = resettable;
  }

  /** Takes over a descriptor of VFIO_GROUP_GET_DEVICE_FD, also when this fails. */
  static VfioDevice of(FileDescriptor fd, String name) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      VfioInfo info = VfioInfo.ask(arena, fd, VfioAbi.DEVICE_GET_INFO, 0, "what " + name + " is");
      int flags = info.flags();
      if ((flags & VfioAbi.DEVICE_FLAGS_PCI) == 0) {
        throw new LinuxException("use " + name + " as a PCI function", Errno.EINVAL.number());
      }
      return new VfioDevice(fd, name, (flags & VfioAbi.DEVICE_FLAGS_RESET) != 0);
    } catch (LinuxException e) {
      fd.close();
      throw e;
    }
  }

  /**
   * Resets the function, which ends all that it does; its address and its memory stay as they are.
   *
   * @return false when it cannot be reset by itself: then nothing happened
   */
  public boolean reset() throws LinuxException {
    if (resettable) {
      LinuxException.check(VfioAbi.ioctl(fd, VfioAbi.DEVICE_RESET, 0), "reset", name);
    }
    return resettable;
  }

  /** A region by its number: 0 to 5, or {@link #CONFIG_REGION}. */
  public VfioRegion region(int index) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      String what = "region " + index + " of " + name;
      return VfioRegion.of(VfioInfo.ask(arena, fd, VfioAbi.DEVICE_GET_REGION_INFO, index, what));
    }
  }

  /** Maps a part of a region; the mapping is the caller's and outlives the device's descriptor. */
  public Mapping map(VfioRegion region, VfioRegion.Area area) throws LinuxException {
    return Mapping.map(fd, region.offset() + area.offset(), area.bytes(), true);
  }

  /**
   * Reads 32 bits of a region that need not be mappable.
   *
   * @return all ones when the kernel cannot, as PCI itself answers for a function that is gone
   */
  public int read(VfioRegion region, int offset) {
    try (Arena arena = Arena.ofConfined()) {
      long value = arena.allocate(Integer.BYTES, Integer.BYTES).address();
      long at = region.offset() + offset;
      long count = Syscall.call(Syscall.PREAD64, fd.number(), value, Integer.BYTES, at);
      return count == Integer.BYTES ? RawMemory.getInt(value) : -1;
    }
  }

  /** Writes 32 bits of a region that need not be mappable; nothing happens if it is gone. */
  public void write(VfioRegion region, int offset, int value) {
    try (Arena arena = Arena.ofConfined()) {
      long address = arena.allocate(Integer.BYTES, Integer.BYTES).address();
      RawMemory.putInt(address, value);
      Syscall.call(Syscall.PWRITE64, fd.number(), address, Integer.BYTES, region.offset() + offset);
    }
  }

  /** How many interrupts of a kind there are: {@link #MSI}, {@link #MSIX}, {@link #REQUEST}. */
  public int interruptCount(int kind) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      VfioInfo info =
          VfioInfo.ask(
              arena, fd, VfioAbi.DEVICE_GET_IRQ_INFO, kind, "interrupts " + kind + " of " + name);
      boolean usable = (info.flags() & VfioAbi.IRQ_INFO_EVENTFD) != 0;
      return usable ? info.getInt(VfioAbi.IRQ_INFO_COUNT) : 0;
    }
  }

  /**
   * Has interrupts of a kind, from the first on, signal these eventfds, which stay the caller's.
   *
   * @return 0; or how many there could be, when there are not so many: then none is enabled
   */
  public int enableInterrupts(int kind, List<FileDescriptor> events) throws LinuxException {
    int bytes = VfioAbi.IRQ_SET_DATA + events.size() * Integer.BYTES;
    try (Arena arena = Arena.ofConfined()) {
      long set = arena.allocate(bytes, Long.BYTES).address();
      fillSet(set, bytes, VfioAbi.IRQ_SET_DATA_EVENTFD, kind, events.size());
      for (int i = 0; i < events.size(); i++) {
        RawMemory.putInt(
            set + VfioAbi.IRQ_SET_DATA + (long) i * Integer.BYTES, events.get(i).number());
      }
      long result = VfioAbi.ioctl(fd, VfioAbi.DEVICE_SET_IRQS, set);
      return (int) LinuxException.check(result, "enable " + events.size() + " interrupts of", name);
    }
  }

  /** No interrupt of a kind signals any more; best effort. */
  public void disableInterrupts(int kind) {
    try (Arena arena = Arena.ofConfined()) {
      long set = arena.allocate(VfioAbi.IRQ_SET_DATA, Long.BYTES).address();
      fillSet(set, VfioAbi.IRQ_SET_DATA, VfioAbi.IRQ_SET_DATA_NONE, kind, 0);
      VfioAbi.ioctl(fd, VfioAbi.DEVICE_SET_IRQS, set);
    }
  }

  private static void fillSet(long set, int bytes, int data, int kind, int count) {
    RawMemory.putInt(set + VfioAbi.ARGSZ, bytes);
    RawMemory.putInt(set + VfioAbi.FLAGS, data | VfioAbi.IRQ_SET_ACTION_TRIGGER);
    RawMemory.putInt(set + VfioAbi.IRQ_SET_INDEX, kind);
    RawMemory.putInt(set + VfioAbi.IRQ_SET_START, 0);
    RawMemory.putInt(set + VfioAbi.IRQ_SET_COUNT, count);
  }

  @Override
  public void close() {
    fd.close();
  }

  @Override
  public String toString() {
    return name;
  }
}
