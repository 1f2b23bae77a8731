package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A configuration that attaches QEMU's NVMe controller and serves its namespace. */
@Timeout(180)
class NvmeServeTest {

  private static final String CONFIGURATION =
      """
      {"subsystems": [
        {"subsystem": "bdev", "config": [
          {"method": "bdev_nvme_set_options",
           "params": {"action_on_timeout": "none", "timeout_us": 0, "bdev_retry_count": 3}},
          {"method": "bdev_nvme_attach_controller",
           "params": {"name": "Nvme0", "trtype": "PCIe", "traddr": "qtest:DIR#FUNCTION"}},
          {"method": "bdev_nvme_set_hotplug", "params": {"period_us": 100000, "enable": false}}]},
        {"subsystem": "vhost_blk", "config": [
          {"method": "vhost_create_blk_controller",
           "params": {"ctrlr": "vm0.sock", "dev_name": "Nvme0n1"}}]}]}
      """;

  @TempDir Path dir;
  private @Nullable EmulatedNvme qemu;
  private @Nullable Target target;

  @BeforeEach
  void startMachine() throws Exception {
    qemu = EmulatedNvme.start(dir);
  }

  @AfterEach
  void end() throws Exception {
    if (target != null) {
      target.stop();
    }
    if (qemu != null) {
      qemu.close();
    }
  }

  private Target serve(String function) throws Exception {
    Path file =
        Files.writeString(
            dir.resolve("c.json"),
            CONFIGURATION.replace("DIR", dir.toString()).replace("FUNCTION", function));
    return Target.start(
        ServeOptions.in(dir).withConfiguration(file).withRpcSocket(dir.resolve("r")));
  }

  private Cli perf(String... arguments) {
    List<String> all =
        new ArrayList<>(List.of("perf", "--socket", dir.resolve("vm0.sock").toString(), "--bs=4k"));
    all.addAll(List.of("--iodepth=16", "--verify", "--verify-state=" + dir.resolve("state")));
    all.addAll(List.of(arguments));
    return Cli.run(all.toArray(String[]::new));
  }

  @Test
  void namespaceIsServedAndGivenBackInOrder() throws Exception {
    target = serve("00:04.0");
    assertThat(target.summary()).startsWith("1 disk on 1 core");
    Cli written = perf("--rw=randwrite", "--size=4m");
    assertThat(written.exitCode()).as(written.err()).isZero();
    assertThat(Cli.run("rpc", "-r", dir.resolve("r").toString(), "bdev_nvme_get_controllers").out())
        .contains("\"state\" : \"enabled\"");
    target.stop();

    assertThat(isLeftToOthers()).isTrue();
    try (var image = Files.newInputStream(dir.resolve("image"))) {
      byte[] stored = image.readNBytes(4 << 20);
      assertThat(stored).isNotEqualTo(new byte[stored.length]);
    }
    target = serve("00:04.0"); // its controller was given back, with what was written
    Cli read = perf("--rw=randwrite", "--verify_only", "--size=4m");

    assertThat(read.exitCode()).as(read.err()).isZero();
  }

  /** Whether the machine, which listens to one program at a time, listens to another one. */
  private boolean isLeftToOthers() throws Exception {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(dir.resolve("qtest.sock")));
      channel.write(UTF_8.encode("readb 0x0\n"));
      channel.configureBlocking(false);
      ByteBuffer answer = ByteBuffer.allocate(64);
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
      while (answer.position() == 0 && System.nanoTime() < deadline) {
        channel.read(answer);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
      }
      return new String(answer.array(), 0, answer.position(), UTF_8).startsWith("OK");
    }
  }

  @Test
  void deviceThatIsNotThereIsSaidBeforeAnythingIsServed() {
    assertThatThrownBy(() -> serve("00:07.0"))
        .isInstanceOf(CommandException.class)
        .hasMessageContaining("bdev_nvme_attach_controller")
        .hasMessageContaining("00:07.0");

    assertThat(dir.resolve("vm0.sock")).doesNotExist();
  }
}
