package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.millrace.rpc.ConfigException;
import io.millrace.rpc.ConfigFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A configuration that was not written to its end, or that cannot be had: all of it or nothing. */
@Timeout(120)
class CutConfigurationTest {
  private static final String WHOLE =
      """
      {"subsystems": [
        {"subsystem": "scheduler", "config": null},
        {"subsystem": "bdev", "config": [
          {"method": "bdev_null_create",
           "params": {"name": "n", "block_size": 512, "num_blocks": 8}},
          {"method": "bdev_passthru_create", "params": {"name": "p", "base_bdev_name": "n"}}]},
        {"subsystem": "vhost_scsi", "config": [
          {"method": "vhost_create_scsi_controller", "params": {"ctrlr": "scsi"}}]},
        {"subsystem": "vhost_blk", "config": [
          {"method": "vhost_create_blk_controller", "params": {"ctrlr": "blk", "dev_name": "p"}}
        ]}]}
      """;

  /** A server is started with one cut of so many. */
  private static final int STRIDE = 57;

  @TempDir private Path dir;
  private Path file;

  @BeforeEach
  void name() {
    file = dir.resolve("c.json");
  }

  @Test
  void cutAtAnyByteItIsRefusedInOneLineThatNamesTheFile() throws Exception {
    byte[] whole = WHOLE.strip().getBytes(UTF_8);
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));

      Throwable refusal = catchThrowable(() -> ConfigFile.read(file));

      assertThat(refusal)
          .as("cut at %d", length)
          .isInstanceOf(ConfigException.class)
          .hasMessageStartingWith(file + ":")
          .hasMessageMatching("[^\n]+");
      if (length % STRIDE == 0) {
        assertNothingIsServed();
      }
    }
    Files.write(file, whole);
    try (ConfiguredServer server = ConfiguredServer.start(dir, file, false)) {
      assertThat(server.call("vhost_get_controllers")).hasSize(2);
    }
  }

  @Test
  void whatItHadMadeIsTakenDownWhenItsLastCallIsRefused() throws Exception {
    Files.writeString(
        file,
        WHOLE.replace(
            "\"dev_name\": \"p\"}}",
            "\"dev_name\": \"p\"}},\n"
                + "{\"method\": \"vhost_delete_controller\", \"params\": {\"ctrlr\": \"none\"}}"));

    assertNothingIsServed();
  }

  private void assertNothingIsServed() {
    Cli serve = Cli.run("serve", "--log-level=error", "-S", dir.toString(), "-c", file.toString());

    assertThat(serve.exitCode()).isEqualTo(2);
    assertThat(serve.err()).startsWith("millrace serve: " + file + ":").hasLineCount(1);
    assertThat(serve.out()).isEmpty();
    assertThat(dir.toFile().list()).containsExactly("c.json");
  }
}
