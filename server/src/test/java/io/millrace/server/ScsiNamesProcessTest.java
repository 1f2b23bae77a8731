package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.ScsiResult;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest knows a logical unit by is the same in the next process. */
@Timeout(120)
class ScsiNamesProcessTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int UNIT_SERIAL_NUMBER = 0x80;
  private static final int DEVICE_IDENTIFICATION = 0x83;
  private static final int HEADER_BYTES = 4; // of a page without a name

  @TempDir Path dir;
  private Path folder;

  @BeforeEach
  void configure() throws IOException {
    folder = Files.createDirectory(dir.resolve("work"));
    Files.write(folder.resolve("disk.img"), new byte[1 << 20]);
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"subsystems": [
          {"subsystem": "bdev", "config": [
            {"method": "bdev_malloc_create",
             "params": {"name": "M", "block_size": 512, "num_blocks": 2048,
              "uuid": "3c6ca4a4-5fb4-4f0c-8a39-6c0f0a2b6f11"}}]},
          {"subsystem": "vhost_scsi", "config": [
            {"method": "vhost_create_scsi_controller", "params": {"ctrlr": "s.sock"}},
            {"method": "vhost_scsi_controller_add_target",
             "params": {"ctrlr": "s.sock", "scsi_target_num": 0, "bdev_name": "M"}}]}]}
        """);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--scsi=s.sock=disk.img", "-c=config.json"})
  void namesAreTheSameWhenTheProcessIsKilledAndStartedAgain(String disk) throws Exception {
    List<String> before = names(disk);

    List<String> after = names(disk);

    assertThat(after).isEqualTo(before);
  }

  /** The pages that name the logical unit, of a process that is killed then. */
  private List<String> names(String disk) throws Exception {
    try (ServerProcess server = ServerProcess.start(folder, List.of(), "serve", disk)) {
      assertThat(server.line()).as(server.log()).startsWith("ready: ");
      try (VirtioScsiDriver driver =
          VirtioScsiDriver.open(folder.resolve("s.sock"), ScsiDriverOptions.defaults())) {
        return List.of(page(driver, UNIT_SERIAL_NUMBER), page(driver, DEVICE_IDENTIFICATION));
      }
    }
  }

  private static String page(VirtioScsiDriver driver, int code) throws Exception {
    byte[] inquiry = {0x12, 1, (byte) code, 0, (byte) 0xff, 0};
    ScsiResult result = driver.read(VirtioScsi.lun(0, 0), inquiry, 255, PATIENCE);
    assertThat(result.isGood()).as(result.condition()).isTrue();
    assertThat(result.data()[1]).isEqualTo((byte) code);
    assertThat(result.data().length).isGreaterThan(HEADER_BYTES);
    return HexFormat.of().formatHex(result.data());
  }
}
