package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.ScsiResult;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.rpc.RpcClient;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** Reservations are of the disks that JSON-RPC made, and come back with them. */
@Timeout(120)
class StateReservationTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final long KEY = 0x1122334455667788L;
  private static final int APTPL = 1;
  private static final int APTPL_AT = 20;

  @TempDir Path dir;
  private Path folder;

  @Test
  void aRegistrationThatIsToOutliveThePowerDoesSoOnADiskWhoseUuidTheServerMadeUp()
      throws Exception {
    folder = Files.createDirectory(dir.resolve("work"));
    try (ServerProcess _ = start()) {
      try (RpcClient client = RpcClient.connect(folder.resolve("r"), PATIENCE)) {
        call(
            client,
            "bdev_malloc_create",
            "{\"name\": \"M\", \"block_size\": 512, \"num_blocks\": 64}");
        call(client, "vhost_create_scsi_controller", "{\"ctrlr\": \"s.sock\"}");
        call(
            client,
            "vhost_scsi_controller_add_target",
            "{\"ctrlr\": \"s.sock\", \"scsi_target_num\": 0, \"bdev_name\": \"M\"}");
      }
      try (VirtioScsiDriver driver = driver()) {
        ready(driver);
        byte[] registration = new byte[24];
        ByteBuffer.wrap(registration).putLong(8, KEY).put(APTPL_AT, (byte) APTPL);
        byte[] register = {0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0};
        ScsiResult done = driver.write(VirtioScsi.lun(0, 0), register, registration, PATIENCE);
        assertThat(done.isGood()).as(done.condition()).isTrue();
      }
    } // killed

    try (ServerProcess _ = start();
        VirtioScsiDriver driver = driver()) {
      ready(driver);
      byte[] readKeys = {0x5e, 0, 0, 0, 0, 0, 0, 0, 16, 0};
      ScsiResult keys = driver.read(VirtioScsi.lun(0, 0), readKeys, 16, PATIENCE);

      assertThat(keys.isGood()).as(keys.condition()).isTrue();
      assertThat(ByteBuffer.wrap(keys.data()).getLong(8)).isEqualTo(KEY);
    }
  }

  private ServerProcess start() throws Exception {
    ServerProcess server =
        ServerProcess.start(folder, List.of(), "serve", "--state", "state", "-r", "r");
    assertThat(server.line()).as(server.log()).startsWith("ready: ");
    return server;
  }

  private VirtioScsiDriver driver() throws Exception {
    return VirtioScsiDriver.open(folder.resolve("s.sock"), ScsiDriverOptions.defaults());
  }

  /** Takes the unit attention of a new nexus. */
  private static void ready(VirtioScsiDriver driver) throws Exception {
    assertThat(driver.read(VirtioScsi.lun(0, 0), new byte[6], 0, PATIENCE).isGood()).isFalse();
  }

  private static void call(RpcClient client, String method, String params) throws Exception {
    client.call(method, new JsonMapper().readTree(params));
  }
}
