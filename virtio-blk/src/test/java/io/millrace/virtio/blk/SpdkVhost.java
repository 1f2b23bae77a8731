package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.millrace.initiator.load.DoomedTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** SPDK's vhost as a target: an image of a file behind a socket, where SPDK_DIR has it built. */
final class SpdkVhost {
  private static final int MEMORY_MIB = 256;
  private static final int PAGE_MIB = 2;

  private SpdkVhost() {}

  /** Skips the test where there is no SPDK, or no memory as it wants it. */
  static void assumeThere() throws IOException {
    String directory = System.getenv("SPDK_DIR");
    assumeThat(directory).as("needs SPDK_DIR, where SPDK v26.05 is built").isNotNull();
    assertThat(program()).isExecutable();
    String pages =
        Files.readString(Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"));
    int wanted = MEMORY_MIB / PAGE_MIB;
    assumeThat(Integer.parseInt(pages.strip()))
        .as("needs %d free huge pages of 2 MiB and a hugetlbfs for SPDK", wanted)
        .isGreaterThanOrEqualTo(wanted);
  }

  private static Path program() {
    return Path.of(System.getenv("SPDK_DIR"), "build", "bin", "vhost");
  }

  /** Starts one, that offers packed rings as well. */
  static DoomedTarget start(Path socket, Path image, Path log) throws IOException {
    Path folder = socket.getParent();
    Path configuration = folder.resolve("spdk.json");
    Files.writeString(
        configuration,
        """
        {"subsystems": [
        {"subsystem": "bdev", "config": [{"method": "bdev_aio_create", "params":
          {"name": "disk", "filename": "%s", "block_size": 512}}]},
        {"subsystem": "vhost_blk", "config": [{"method": "vhost_create_blk_controller", "params":
          {"ctrlr": "%s", "dev_name": "disk", "packed_ring": true}}]}]}
        """
            .formatted(image, socket.getFileName()));
    List<String> command =
        List.of(
            program().toString(),
            "-m",
            "0x1",
            "-s",
            Integer.toString(MEMORY_MIB),
            "--no-pci",
            "--disable-cpumask-locks", // those of one that was killed stay
            "-r",
            folder.resolve("spdk.rpc").toString(),
            "-c",
            configuration.toString(),
            "-S",
            folder.toString());
    return DoomedTarget.start(command, log);
  }
}
