package io.millrace.vm;

import java.nio.file.Path;
import java.util.List;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * Containers whose only program is QEMU. Their image is this machine's own QEMU, as {@code
 * vm-tests/container/engine.sh} has put it into its engine: no registry is asked.
 */
final class QemuContainer {
  private static final DockerImageName IMAGE = DockerImageName.parse("millrace/qemu:local");

  private QemuContainer() {}

  /**
   * A container, to be started, with this command of QEMU: without network and privileges. It sees
   * these folders of the host at the same paths and runs in the first.
   */
  static GenericContainer<?> of(Daemon engine, List<String> command, Path... folders) {
    System.setProperty("DOCKER_HOST", engine.address()); // see testcontainers.properties
    GenericContainer<?> container =
        new GenericContainer<>(IMAGE)
            .withNetworkMode("none")
            .withWorkingDirectory(folders[0].toString())
            .withCommand(command.toArray(String[]::new));
    for (Path folder : folders) {
      container.withFileSystemBind(folder.toString(), folder.toString(), BindMode.READ_WRITE);
    }
    return container;
  }
}
