package io.millrace.benchmarks;

import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.Cpu;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.MemoryFile;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.MemoryRegion;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A disk kept busy with 4 KiB reads by a front-end that now and then adds memory, as a guest does
 * that DIMMs are plugged into: how long the queue stood still, in slices with that and, in turn,
 * without. A program of its own, of one thread: it sends a message between two looks at the queue,
 * and takes the memory back while nobody measures.
 *
 * <p>The reactor has one core to itself and there are two, so the server's other threads run on
 * this program's. While they do, nobody looks at the queue: gaps are measured by the time that this
 * thread was running.
 */
public final class PlugLoad {
  /** What is added in a slice. */
  static final int REGIONS = 64;

  private static final int DEPTH = 32;
  private static final int BLOCK_BYTES = 4096;
  private static final long REGION_BYTES = 128L << 20; // what Linux plugs at least
  private static final long FIRST_ADDRESS = 1L << 40; // for the guest; nothing of it is touched
  private static final long FIRST_USER_ADDRESS = 1L << 44;
  private static final int WARM_UP_SLICES = 20;

  private final VirtioBlkDriver driver;
  private final BlkQueue queue;
  private final FileDescriptor file;
  private final BlkCompletion again = this::completed;
  private final long data;
  private final long sectors;
  private long next;

  private PlugLoad(Path socket) throws InitiatorException, LinuxException {
    BlkDriverOptions options = BlkDriverOptions.defaults();
    driver = VirtioBlkDriver.open(socket, options.withFrontend(FrontendOptions.defaults()));
    queue = driver.queue(0);
    data = driver.memory().allocate((long) DEPTH * BLOCK_BYTES, BLOCK_BYTES);
    sectors = driver.config().sizeBytes() / VirtioBlk.SECTOR_BYTES;
    file = MemoryFile.create("plugged", REGIONS * REGION_BYTES, true);
    MemoryFile.seal(file, MemoryFile.F_SEAL_SHRINK);
  }

  /** The command line of a load of so many slices of each kind. */
  static List<String> command(Path socket, int slices, Duration slice) {
    return JavaProgram.command(
        PlugLoad.class,
        List.of(socket.toString(), Integer.toString(slices), Long.toString(slice.toNanos())));
  }

  /** Prints the longest gaps of each pair of slices: without, with, in nanoseconds. */
  public static void main(String[] args) throws InitiatorException, LinuxException {
    PlugLoad load = new PlugLoad(Path.of(args[0]));
    int slices = Integer.parseInt(args[1]);
    long nanos = Long.parseLong(args[2]);
    load.begin();
    for (int i = -WARM_UP_SLICES; i < slices; i++) {
      long without = load.slice(nanos, false);
      long with = load.slice(nanos, true);
      load.takeBack();
      if (i >= 0) {
        System.out.println(without + " " + with);
      }
    }
    System.exit(0); // what is in flight and attached goes with the process
  }

  private void begin() {
    for (int i = 0; i < DEPTH; i++) {
      submit(i);
    }
    queue.kick();
  }

  private void submit(long slot) {
    next = (next + 8) % sectors;
    queue.submit(VirtioBlk.T_IN, next, data + slot * BLOCK_BYTES, BLOCK_BYTES, slot);
  }

  private void completed(long slot, int status, long writtenBytes) {
    if (status != VirtioBlk.S_OK) {
      throw new IllegalStateException("a read failed with virtio-blk status " + status);
    }
    submit(slot);
  }

  /** The longest time between two completions; as long as it takes to add all regions. */
  private long slice(long nanos, boolean adds) throws InitiatorException {
    long start = System.nanoTime();
    long last = Cpu.threadCpuNanos();
    long longest = 0;
    int added = 0;
    do {
      if (queue.poll(again) > 0) {
        queue.kick();
        long now = Cpu.threadCpuNanos();
        longest = Math.max(longest, now - last);
        last = now;
        if (adds && added < REGIONS) {
          add(added++);
          last = Cpu.threadCpuNanos(); // the message is ours, and no gap of the queue's
        }
      }
    } while (System.nanoTime() - start < nanos || (adds && added < REGIONS));
    return Math.max(longest, Cpu.threadCpuNanos() - last);
  }

  private static MemoryRegion region(int i) {
    long offset = i * REGION_BYTES;
    return new MemoryRegion(
        FIRST_ADDRESS + offset, REGION_BYTES, FIRST_USER_ADDRESS + offset, offset);
  }

  private void add(int i) throws InitiatorException {
    driver
        .frontend()
        .connection()
        .send(new FrontendMessage.AddMemReg(region(i)), false, List.of(file));
  }

  private void takeBack() throws InitiatorException {
    for (int i = 0; i < REGIONS; i++) {
      driver.frontend().tell(new FrontendMessage.RemMemReg(region(i)));
    }
  }
}
