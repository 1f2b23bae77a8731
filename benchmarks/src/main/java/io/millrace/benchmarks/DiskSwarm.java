package io.millrace.benchmarks;

import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One thread that drives many disks, as many guests on one host do: each attached and used once,
 * some of them kept busy with 4 KiB random reads. A program of its own; {@code millrace perf} has a
 * thread for each queue, and a hundred that poll on one core only wait for each other.
 */
public final class DiskSwarm {
  /** What it prints when every disk is attached and was used. */
  static final String ATTACHED = "attached";

  private static final int BLOCK_BYTES = 4096;
  private static final int GREEDY_DEPTH = 32;
  private static final int ROUNDS_A_CLOCK_READ = 64;
  private static final int PUBLISH_EVERY = 4; // as millrace perf
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /**
   * How many disks and how busy.
   *
   * @param disks attached
   * @param active of them kept busy
   * @param depth requests at once of each of these
   * @param greedyBytes when not 0, the others are kept busy with reads of so many bytes, 32 at
   *     once, and are not counted
   */
  record Shape(int disks, int active, int depth, int greedyBytes) {
    Shape(int disks, int active, int depth) {
      this(disks, active, depth, 0);
    }
  }

  private DiskSwarm() {}

  /**
   * The command line of a swarm.
   *
   * @param prefix the sockets are PREFIX-0.sock, PREFIX-1.sock and so on
   * @param ramp to run before it measures
   * @param run to measure; without active disks it stays until it is ended
   */
  static List<String> command(Path prefix, Shape shape, Duration ramp, Duration run) {
    return List.of(
        ProcessHandle.current().info().command().orElse("java"),
        "-XX:+UseSerialGC",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        DiskSwarm.class.getName(),
        prefix.toString(),
        Integer.toString(shape.disks),
        Integer.toString(shape.active),
        Integer.toString(shape.depth),
        Integer.toString(shape.greedyBytes),
        Long.toString(ramp.toNanos()),
        Long.toString(run.toNanos()));
  }

  /** Runs a command line made by {@link #command}; prints a report in fio's shape. */
  public static void main(String[] args) throws InitiatorException, InterruptedException {
    Shape shape =
        new Shape(
            Integer.parseInt(args[1]),
            Integer.parseInt(args[2]),
            Integer.parseInt(args[3]),
            Integer.parseInt(args[4]));
    List<Lane> lanes = new ArrayList<>();
    for (int i = 0; i < shape.disks; i++) {
      boolean greedy = i >= shape.active && shape.greedyBytes > 0;
      int depth = greedy ? GREEDY_DEPTH : shape.depth;
      int bytes = greedy ? shape.greedyBytes : BLOCK_BYTES;
      Lane lane = new Lane(Path.of(args[0] + "-" + i + ".sock"), depth, bytes, i);
      if (greedy || i < shape.active) {
        lanes.add(lane);
      }
    }
    System.out.println(ATTACHED);
    if (lanes.isEmpty()) {
      Thread.sleep(Duration.ofDays(1));
    }
    Lane[] active = lanes.toArray(Lane[]::new);
    for (Lane lane : active) {
      lane.begin();
    }
    drive(active, Long.parseLong(args[5]));
    long before = completed(active, shape.active);
    long nanos = drive(active, Long.parseLong(args[6]));
    double iops = (completed(active, shape.active) - before) * 1e9 / nanos;
    System.out.printf(
        Locale.ROOT,
        "{\"jobs\": [{\"read\": {\"iops\": %.1f, \"bw_bytes\": %.0f}}]}%n",
        iops,
        iops * BLOCK_BYTES);
    System.exit(0); // what is in flight and attached goes with the process
  }

  /** Keeps the disks busy; the time that took. */
  private static long drive(Lane[] lanes, long nanos) {
    long start = System.nanoTime();
    long now = start;
    while (now - start < nanos) {
      for (int round = 0; round < ROUNDS_A_CLOCK_READ; round++) {
        for (Lane lane : lanes) {
          lane.poll();
        }
      }
      now = System.nanoTime();
    }
    return now - start;
  }

  private static long completed(Lane[] lanes, int counted) {
    long count = 0;
    for (int i = 0; i < counted; i++) {
      count += lanes[i].completed;
    }
    return count;
  }

  /** One disk. Its memory and connection last as long as the process. */
  private static final class Lane implements BlkCompletion {
    private final BlkQueue queue;
    private final long data;
    private final long blocks;
    private final int depth;
    private final int bytes;
    private long state; // of the generator
    private int unpublished;
    private long completed;

    Lane(Path socket, int depth, int bytes, int number) throws InitiatorException {
      this.depth = depth;
      this.bytes = bytes;
      BlkDriverOptions options =
          new BlkDriverOptions(
              FrontendOptions.defaults(),
              1,
              128,
              depth,
              0,
              (long) (depth + 1) * bytes,
              true,
              false);
      VirtioBlkDriver driver = VirtioBlkDriver.open(socket, options);
      queue = driver.queue(0);
      data = driver.memory().allocate((long) depth * bytes, BLOCK_BYTES);
      blocks = driver.config().sizeBytes() / bytes;
      state = (number + 1) * 0x9E3779B97F4A7C15L;
      driver.run(VirtioBlk.T_IN, 0, data, bytes, PATIENCE.toNanos());
    }

    void begin() {
      for (int slot = 0; slot < depth; slot++) {
        submit(slot);
      }
      queue.kick();
    }

    void poll() {
      if (queue.ring().hasUsed()) {
        queue.poll(this);
        queue.kick();
        unpublished = 0;
      }
    }

    @Override
    public void completed(long token, int status, long writtenBytes) {
      if (status != VirtioBlk.S_OK) {
        throw new IllegalStateException("a read failed with virtio-blk status " + status);
      }
      completed++;
      submit((int) token);
    }

    private void submit(int slot) {
      state ^= state >>> 12; // xorshift64*
      state ^= state << 25;
      state ^= state >>> 27;
      long block = Math.unsignedMultiplyHigh(state * 0x2545F4914F6CDD1DL, blocks);
      long sector = block * (bytes / VirtioBlk.SECTOR_BYTES);
      queue.submit(VirtioBlk.T_IN, sector, data + (long) slot * bytes, bytes, slot);
      if (++unpublished == PUBLISH_EVERY) {
        unpublished = 0;
        queue.kick();
      }
    }
  }
}
