package io.millrace.benchmarks;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The programs that are compared, as command lines.
 *
 * @param millrace the launcher of the distribution, which is the load as well
 * @param work folder for sockets, configurations and outputs; its path is short, as sockets want it
 */
record Peers(Path millrace, Path work) {
  static final long DISK_BYTES = 1L << 30;
  static final int BLOCK_BYTES = 512;
  static final String DAEMON = "qemu-storage-daemon";

  /** Millrace with null disks on one core. */
  Contender.Server millraceNulls(String name, int disks) {
    return millraceServer(
        name,
        disks,
        disk ->
            SpdkConfiguration.call(
                "bdev_null_create",
                "\"name\": \"%s\", \"num_blocks\": %d, \"block_size\": %d"
                    .formatted(disk, DISK_BYTES / BLOCK_BYTES, BLOCK_BYTES)));
  }

  /** Millrace with a disk in memory. */
  Contender.Server millraceMalloc(String name, long bytes) {
    return millraceMallocs(name, 1, bytes);
  }

  /** Millrace with disks in memory, of so many bytes each. */
  Contender.Server millraceMallocs(String name, int disks, long bytes) {
    return millraceServer(
        name,
        disks,
        disk ->
            SpdkConfiguration.call(
                "bdev_malloc_create",
                "\"name\": \"%s\", \"num_blocks\": %d, \"block_size\": %d"
                    .formatted(disk, bytes / BLOCK_BYTES, BLOCK_BYTES)));
  }

  /** Millrace with a raw image. */
  Contender.Server millraceFile(String name, Path image, boolean direct) {
    return millraceServer(
        name,
        1,
        disk ->
            SpdkConfiguration.call(
                "bdev_aio_create",
                "\"name\": \"%s\", \"filename\": \"%s\", \"block_size\": %d, \"direct\": %b"
                    .formatted(disk, image, BLOCK_BYTES, direct)));
  }

  private interface CreateDisk {
    String call(String disk);
  }

  private Contender.Server millraceServer(String name, int disks, CreateDisk create) {
    List<String> names = IntStream.range(0, disks).mapToObj(i -> "disk" + i).toList();
    SpdkConfiguration configuration =
        new SpdkConfiguration(
            names.stream().map(create::call).toList(),
            IntStream.range(0, disks)
                .mapToObj(i ->
                    SpdkConfiguration.blkController(
                        String.valueOf(socket(name, i).getFileName()), names.get(i)))
                .toList());
    Path file = work.resolve(name + ".json");
    List<String> command =
        List.of(
            millrace.toString(),
            "serve",
            "-m",
            "0x1",
            "-S",
            work.toString(),
            "-r",
            work.resolve(name + ".rpc").toString(),
            "-c",
            file.toString());
    return new Contender.Server(
        command, socket(name, disks - 1), Map.of(file, configuration.text()));
  }

  /** qemu-storage-daemon with null-co disks, all exports on one thread that polls. */
  Contender.Server daemonNulls(String name, int disks) {
    return daemon(name, disks, i -> "driver=null-co,size=" + DISK_BYTES);
  }

  /** qemu-storage-daemon with a raw image through its io_uring. */
  Contender.Server daemonFile(String name, Path image, boolean direct) {
    String cache = "cache.direct=" + (direct ? "on" : "off");
    // No lock: every side has the same image open at the same time.
    String driver = "driver=file,locking=off,aio=io_uring,";
    return daemon(name, 1, i -> driver + cache + ",filename=" + image);
  }

  private Contender.Server daemon(String name, int disks, IntFunction<String> blockDevice) {
    List<String> command = new ArrayList<>(List.of(DAEMON, "--object", "iothread,id=thread"));
    for (int i = 0; i < disks; i++) {
      command.add("--blockdev");
      command.add("node-name=disk%d,%s".formatted(i, blockDevice.apply(i)));
      command.add("--export");
      command.add(
          ("type=vhost-user-blk,id=export%d,node-name=disk%d,writable=on,iothread=thread"
                  + ",addr.type=unix,addr.path=%s")
              .formatted(i, i, socket(name, i)));
    }
    return new Contender.Server(command, socket(name, disks - 1));
  }

  /** A server's only disk under our load. */
  Contender contender(String name, Contender.Server server, Workload workload) {
    return new Contender(
        name, server, (ramp, run) -> load(server.socket(), workload.options(), ramp, run));
  }

  /** Several disks of a server under one thread of ours. */
  Contender swarm(String name, Contender.Server server, DiskSwarm.Shape shape) {
    return new Contender(
        name,
        server,
        (ramp, run) -> DiskSwarm.command(server.socket().resolveSibling(name), shape, ramp, run));
  }

  /** fio itself on an image, through its io_uring engine. */
  static Contender fio(String name, Path image, boolean direct, Workload workload) {
    return new Contender(
        name,
        null,
        (ramp, run) -> {
          List<String> command =
              new ArrayList<>(
                  List.of(
                      "fio",
                      "--name=" + name,
                      "--thread", // one process, so that stopping it stops all of it
                      "--filename=" + image,
                      "--ioengine=io_uring",
                      "--size=" + DISK_BYTES,
                      "--direct=" + (direct ? 1 : 0)));
          command.addAll(workload.options());
          command.addAll(times(ramp, run));
          return command;
        });
  }

  /** Our load on a socket. */
  List<String> load(Path socket, List<String> options, Duration ramp, Duration run) {
    List<String> command =
        new ArrayList<>(List.of(millrace.toString(), "perf", "--socket=" + socket));
    command.addAll(options);
    command.addAll(times(ramp, run));
    return command;
  }

  private static List<String> times(Duration ramp, Duration run) {
    return List.of(
        "--time_based",
        "--ramp_time=" + ramp.toMillis() + "ms",
        "--runtime=" + run.toMillis() + "ms",
        "--output-format=json");
  }

  /** The socket of a server's {@code index}-th disk. */
  Path socket(String name, int index) {
    return work.resolve(name + "-" + index + ".sock");
  }
}
