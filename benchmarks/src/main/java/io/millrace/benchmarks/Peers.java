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
    return millraceServer(name, DeviceKind.BLK, disks, 1, Peers::createNull);
  }

  /** Millrace with a disk whose every request is counted by its time, and its queue looked at. */
  Contender.Server millraceMeasuredNull(String name) {
    String bdev = "disk0";
    String socketName = String.valueOf(socket(name, 0).getFileName());
    SpdkConfiguration configuration =
        new SpdkConfiguration(
            List.of(
                createNull(bdev),
                SpdkConfiguration.call(
                    "bdev_enable_histogram", "\"name\": \"%s\", \"enable\": true".formatted(bdev)),
                SpdkConfiguration.call(
                    "bdev_set_qd_sampling_period",
                    "\"name\": \"%s\", \"period\": 10000".formatted(bdev))),
            DeviceKind.BLK,
            List.of(
                DeviceKind.BLK.controller(socketName, bdev, false),
                SpdkConfiguration.call(
                    "vhost_enable_histogram",
                    "\"ctrlr\": \"%s\", \"enable\": true".formatted(socketName))));
    return millraceServer(name, 1, configuration, socket(name, 0));
  }

  /** Millrace with one null disk behind a SCSI target, on one core. */
  Contender.Server millraceScsiNull(String name) {
    return millraceServer(name, DeviceKind.SCSI, 1, 1, Peers::createNull);
  }

  /** Millrace with one null disk on the first so many cores. */
  Contender.Server millraceNullOn(String name, int reactors) {
    return millraceServer(name, DeviceKind.BLK, 1, reactors, Peers::createNull);
  }

  private static String createNull(String disk) {
    return SpdkConfiguration.call(
        "bdev_null_create",
        "\"name\": \"%s\", \"num_blocks\": %d, \"block_size\": %d"
            .formatted(disk, DISK_BYTES / BLOCK_BYTES, BLOCK_BYTES));
  }

  /** Millrace with a disk in memory. */
  Contender.Server millraceMalloc(String name, long bytes) {
    return millraceMallocs(name, 1, bytes);
  }

  /** Millrace with disks in memory, of so many bytes each. */
  Contender.Server millraceMallocs(String name, int disks, long bytes) {
    return millraceServer(
        name,
        DeviceKind.BLK,
        disks,
        1,
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
        DeviceKind.BLK,
        1,
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

  private Contender.Server millraceServer(
      String name, DeviceKind kind, int disks, int reactors, CreateDisk create) {
    List<String> names = IntStream.range(0, disks).mapToObj(i -> "disk" + i).toList();
    SpdkConfiguration configuration =
        new SpdkConfiguration(
            names.stream().map(create::call).toList(),
            kind,
            IntStream.range(0, disks)
                .mapToObj(i ->
                    kind.controller(
                        String.valueOf(socket(name, i).getFileName()), names.get(i), false))
                .toList());
    return millraceServer(name, reactors, configuration, socket(name, disks - 1));
  }

  private Contender.Server millraceServer(
      String name, int reactors, SpdkConfiguration configuration, Path ready) {
    Path file = work.resolve(name + ".json");
    List<String> command =
        List.of(
            millrace.toString(),
            "serve",
            "-m",
            "0x" + Long.toHexString((1L << reactors) - 1),
            "-S",
            work.toString(),
            "-r",
            work.resolve(name + ".rpc").toString(),
            "-c",
            file.toString());
    return new Contender.Server(command, ready, Map.of(file, configuration.text()));
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
  static Contender contender(String name, Contender.Server server) {
    return new Contender(name, server, LoadProgram.on(server.socket()));
  }

  /** {@code millrace perf} itself, a job for each queue: 4 KiB random reads, 32 at once each. */
  List<String> perf(Path socket, int jobs, String cores, Duration ramp, Duration run) {
    return List.of(
        millrace.toString(),
        "perf",
        "--socket=" + socket,
        "--rw=randread",
        "--norandommap",
        "--iodepth=32",
        "--numjobs=" + jobs,
        "--cpus_allowed=" + cores,
        "--group_reporting",
        "--time_based",
        "--ramp_time=" + ramp.toMillis() + "ms",
        "--runtime=" + run.toMillis() + "ms",
        "--output-format=json");
  }

  /** Several disks of a server under one thread of ours. */
  static Contender swarm(String name, Contender.Server server, DiskSwarm.Shape shape) {
    return new Contender(name, server, DiskSwarm.on(server.socket().resolveSibling(name), shape));
  }

  /** fio itself on an image. */
  static Contender fio(String name, Path image, boolean direct) {
    return new Contender(name, null, new FioLoad(Contest.SERVER_CORE, image, direct));
  }

  /** The socket of a server's {@code index}-th disk. */
  Path socket(String name, int index) {
    return work.resolve(name + "-" + index + ".sock");
  }
}
