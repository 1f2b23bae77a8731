package io.millrace.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The programs that are compared, as command lines.
 *
 * @param millrace the launcher of the distribution, which is the load as well
 * @param work folder for sockets, configurations and outputs; its path is short, as sockets want it
 */
record Peers(Path millrace, Path work) {
  static final long DISK_BYTES = 1L << 30;
  private static final int BLOCK_BYTES = 512;

  /** Millrace with a null disk, under our load. */
  Contender millraceNull(String name, int ioDepth) {
    String create =
        call(
            "bdev_null_create",
            "\"name\": \"disk\", \"num_blocks\": %d, \"block_size\": %d"
                .formatted(DISK_BYTES / BLOCK_BYTES, BLOCK_BYTES));
    return contender(name, millraceServer(name, List.of(create), List.of("disk")), ioDepth);
  }

  /** Millrace with a raw image, under our load. */
  Contender millraceFile(String name, Path image, boolean direct, int ioDepth) {
    String create = call("bdev_aio_create", fileParameters("disk", image, direct));
    return contender(name, millraceServer(name, List.of(create), List.of("disk")), ioDepth);
  }

  /** qemu-storage-daemon with null-co, its export on a thread that polls, under our load. */
  Contender daemonNull(String name, int ioDepth) {
    return daemon(name, "driver=null-co,size=" + DISK_BYTES, ioDepth);
  }

  /** qemu-storage-daemon with a raw image through its io_uring, under our load. */
  Contender daemonFile(String name, Path image, boolean direct, int ioDepth) {
    String cache = "cache.direct=" + (direct ? "on" : "off");
    // No lock: every side has the same image open at the same time, and only reads it.
    String driver = "driver=file,locking=off,aio=io_uring,";
    return daemon(name, driver + cache + ",filename=" + image, ioDepth);
  }

  /** fio itself on the image, through its io_uring engine. */
  static Contender fioFile(String name, Path image, boolean direct, int ioDepth) {
    return new Contender(
        name,
        null,
        (ramp, run) ->
            List.of(
                "fio",
                "--name=" + name,
                "--thread", // one process, so that stopping it stops all of it
                "--filename=" + image,
                "--ioengine=io_uring",
                "--rw=randread",
                "--bs=4k",
                "--size=" + DISK_BYTES,
                "--norandommap",
                "--iodepth=" + ioDepth,
                "--direct=" + (direct ? 1 : 0),
                "--time_based",
                "--ramp_time=" + ramp,
                "--runtime=" + run,
                "--output-format=json"));
  }

  /** A server of several null disks on one core: sockets NAME-0.sock, NAME-1.sock and so on. */
  Contender.Server millraceNulls(String name, int disks) {
    List<String> creates = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < disks; i++) {
      names.add("disk" + i);
      creates.add(
          call(
              "bdev_null_create",
              "\"name\": \"disk%d\", \"num_blocks\": %d, \"block_size\": %d"
                  .formatted(i, DISK_BYTES / BLOCK_BYTES, BLOCK_BYTES)));
    }
    return millraceServer(name, creates, names);
  }

  /** The socket of a server's {@code index}-th disk. */
  Path socket(String name, int index) {
    return work.resolve(name + "-" + index + ".sock");
  }

  /** Our load on a socket: 4 KiB random reads. */
  List<String> load(Path socket, int ioDepth, int rampSeconds, int runSeconds) {
    return List.of(
        millrace.toString(),
        "perf",
        "--socket=" + socket,
        "--rw=randread",
        "--bs=4k",
        "--norandommap",
        "--iodepth=" + ioDepth,
        "--time_based",
        "--ramp_time=" + rampSeconds,
        "--runtime=" + runSeconds,
        "--output-format=json");
  }

  private Contender contender(String name, Contender.Server server, int ioDepth) {
    return new Contender(name, server, (ramp, run) -> load(server.socket(), ioDepth, ramp, run));
  }

  private Contender daemon(String name, String blockDevice, int ioDepth) {
    Path socket = socket(name, 0);
    List<String> command =
        List.of(
            "qemu-storage-daemon",
            "--blockdev",
            "node-name=disk," + blockDevice,
            "--object",
            "iothread,id=thread",
            "--export",
            "type=vhost-user-blk,id=export,node-name=disk,writable=on,iothread=thread"
                + ",addr.type=unix,addr.path="
                + socket);
    return contender(name, new Contender.Server(command, socket), ioDepth);
  }

  private Contender.Server millraceServer(
      String name, List<String> createDisks, List<String> disks) {
    List<String> controllers = new ArrayList<>();
    for (int i = 0; i < disks.size(); i++) {
      controllers.add(
          call(
              "vhost_create_blk_controller",
              "\"ctrlr\": \"%s\", \"dev_name\": \"%s\""
                  .formatted(socket(name, i).getFileName(), disks.get(i))));
    }
    Path configuration = work.resolve(name + ".json");
    String content =
        "{\"subsystems\": [{\"subsystem\": \"bdev\", \"config\": [%s]},\n{\"subsystem\": \"vhost_blk\", \"config\": [%s]}]}\n"
            .formatted(String.join(",\n", createDisks), String.join(",\n", controllers));
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
            configuration.toString());
    return new Contender.Server(
        command, socket(name, disks.size() - 1), Map.of(configuration, content));
  }

  private static String fileParameters(String name, Path image, boolean direct) {
    return "\"name\": \"%s\", \"filename\": \"%s\", \"block_size\": %d, \"direct\": %b"
        .formatted(name, image, BLOCK_BYTES, direct);
  }

  private static String call(String method, String parameters) {
    return "{\"method\": \"%s\", \"params\": {%s}}".formatted(method, parameters);
  }
}
