package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * SPDK's vhost and bdevperf, where {@code SPDK_DIR} names a tree in which they are built. Both want
 * hugepages, bdevperf to share its memory, and root.
 *
 * @param directory the tree
 * @param work folder for sockets and configurations
 */
record Spdk(Path directory, Path work) {
  static final String NAME = "spdk-vhost";
  static final long MALLOC_BYTES = 256L << 20;

  private static final int MEMORY_MIB = 512; // of each program
  private static final int PROGRAMS = 4; // at most at a time: a server and three loads
  private static final int PAGES = PROGRAMS * MEMORY_MIB / 2;

  /** Why there is nothing to compare with, in one line that says what to do; null when there is. */
  static @Nullable String refusal(@Nullable String directory) throws IOException {
    if (directory == null || directory.isEmpty()) {
      return "SPDK is left out: set SPDK_DIR to a built SPDK v26.05 to compare with it";
    }
    for (String program : List.of("build/bin/vhost", "build/examples/bdevperf")) {
      if (!Files.isExecutable(Path.of(directory, program))) {
        return "SPDK is left out: SPDK_DIR=%s has no %s; build it".formatted(directory, program);
      }
    }
    boolean mounted =
        Files.readAllLines(Path.of("/proc/mounts")).stream()
            .anyMatch(line -> line.contains(" hugetlbfs "));
    if (freePages(Files.readAllLines(Path.of("/proc/meminfo"))) < PAGES || !mounted) {
      return ("SPDK is left out: it needs %d free hugepages and a hugetlbfs; as root,"
              + " sysctl vm.nr_hugepages=%d and mount -t hugetlbfs none /dev/hugepages")
          .formatted(PAGES, PAGES);
    }
    return null;
  }

  static int freePages(List<String> meminfo) {
    return meminfo.stream()
        .filter(line -> line.startsWith("HugePages_Free:"))
        .mapToInt(line -> Integer.parseInt(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }

  /**
   * A null disk.
   *
   * @param packed whether it offers packed rings
   */
  Contender.Server nullDisk(String name, boolean packed) {
    return nullDisk(name, DeviceKind.BLK, packed);
  }

  /** A null disk behind a SCSI target. */
  Contender.Server scsiNullDisk(String name) {
    return nullDisk(name, DeviceKind.SCSI, false);
  }

  private Contender.Server nullDisk(String name, DeviceKind kind, boolean packed) {
    return server(
        name,
        kind,
        packed,
        "bdev_null_create",
        "\"num_blocks\": %d".formatted(Peers.DISK_BYTES / Peers.BLOCK_BYTES));
  }

  /**
   * A disk in memory.
   *
   * @param packed whether it offers packed rings
   */
  Contender.Server malloc(String name, boolean packed) {
    return server(
        name,
        DeviceKind.BLK,
        packed,
        "bdev_malloc_create",
        "\"num_blocks\": %d".formatted(MALLOC_BYTES / Peers.BLOCK_BYTES));
  }

  /** A raw image, which SPDK opens with O_DIRECT. */
  Contender.Server file(String name, String kind, Path image) {
    return file(name, kind, image, false);
  }

  /**
   * The same.
   *
   * @param packed whether it offers packed rings
   */
  Contender.Server file(String name, String kind, Path image, boolean packed) {
    return server(
        name,
        DeviceKind.BLK,
        packed,
        "bdev_" + kind + "_create",
        "\"filename\": \"%s\"".formatted(image));
  }

  private Contender.Server server(
      String name, DeviceKind kind, boolean packed, String create, String parameters) {
    String socketName = name + "-0.sock";
    Path socket = work.resolve(socketName);
    SpdkConfiguration configuration =
        new SpdkConfiguration(
            List.of(
                SpdkConfiguration.call(
                    create,
                    "\"name\": \"disk\", \"block_size\": %d, %s"
                        .formatted(Peers.BLOCK_BYTES, parameters))),
            kind,
            List.of(kind.controller(socketName, "disk", packed)));
    Path file = work.resolve(name + ".json");
    List<String> command = program("build/bin/vhost", "0x1", name, file, "-S", work.toString());
    return new Contender.Server(command, socket, Map.of(file, configuration.text()));
  }

  /** A server's disk under bdevperf. */
  Contender bdevperf(String name, Contender.Server server) {
    return bdevperf(name, DeviceKind.BLK, server);
  }

  /**
   * The same.
   *
   * @param kind of its controller
   */
  Contender bdevperf(String name, DeviceKind kind, Contender.Server server) {
    SpdkConfiguration configuration =
        new SpdkConfiguration(
            List.of(
                SpdkConfiguration.call(
                    "bdev_virtio_attach_controller",
                    ("\"name\": \"disk\", \"trtype\": \"user\", \"traddr\": \"%s\","
                            + " \"dev_type\": \"%s\", \"vq_count\": 4, \"vq_size\": 512")
                        .formatted(server.socket(), kind.deviceType))),
            kind,
            List.of());
    String load = name + "-bdevperf";
    Path file = work.resolve(load + ".json");
    List<String> command =
        program(
            "build/examples/bdevperf",
            "0x2",
            load,
            file,
            "-g", // one file of memory: a vhost-user message has room for eight
            "-z", // waits to be told what to do
            "-l", // prints percentiles
            "-q",
            "1", // these are there to be replaced
            "-o",
            "4096",
            "-w",
            "randread",
            "-t",
            "1");
    Map<Path, String> files = Map.of(file, configuration.text());
    return new Contender(
        name,
        server,
        new Bdevperf(new Contender.Server(command, work.resolve(load + ".rpc"), files)));
  }

  private List<String> program(
      String path, String cores, String name, Path configuration, String... more) {
    List<String> command =
        List.of(
            directory.resolve(path).toString(),
            "-m",
            cores,
            "-s",
            Integer.toString(MEMORY_MIB),
            "--no-pci",
            "--disable-cpumask-locks", // several share a core here, one at a time
            "-r",
            work.resolve(name + ".rpc").toString(),
            "-c",
            configuration.toString());
    return Stream.concat(command.stream(), Stream.of(more)).toList();
  }
}
