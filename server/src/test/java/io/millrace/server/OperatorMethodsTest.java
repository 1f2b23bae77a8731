package io.millrace.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an operator asks of a server that runs: its log, what happened, its end. */
@Timeout(120)
class OperatorMethodsTest {
  private static final long LOOK_AGAIN_NANOS = 10_000_000;

  @TempDir private Path top;
  private Path folder;
  private ServerProcess server;

  @BeforeEach
  void start() throws Exception {
    folder = Files.createDirectory(top.resolve("d"));
    server = ServerProcess.start(folder, List.of(), "serve", "--log-level=warn", "-r", "r.sock");
    assertThat(server.line()).startsWith("ready: ");
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private Cli rpc(String... call) {
    String[] all = new String[call.length + 3];
    all[0] = "rpc";
    all[1] = "-r";
    all[2] = folder.resolve("r.sock").toString();
    System.arraycopy(call, 0, all, 3, call.length);
    return Cli.run(all);
  }

  private String result(String... call) {
    Cli run = rpc(call);
    assertThat(run.err()).isEmpty();
    return run.out().replaceAll("\\s+", "");
  }

  /** Makes the server say something at level INFO, and a warning: this is no front-end. */
  private void knock(String awaited) throws Exception {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(folder.resolve("vm")));
      channel.write(ByteBuffer.wrap("GET / HTTP/1.1\r\n\r\n".getBytes(US_ASCII)));
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (!server.log().contains(awaited)) {
        assertThat(System.nanoTime()).as("'%s' in %s", awaited, server.log()).isLessThan(deadline);
        LockSupport.parkNanos(LOOK_AGAIN_NANOS);
      }
    }
  }

  @Test
  void theLogHasMoreOrLessAsIsAskedFor() throws Exception {
    result("bdev_null_create", "{\"name\": \"n\", \"block_size\": 512, \"num_blocks\": 8}");
    result("vhost_create_blk_controller", "{\"ctrlr\": \"vm\", \"dev_name\": \"n\"}");
    knock(" WARN  vm#0: ");
    assertThat(server.log()).doesNotContain(" INFO  ");
    assertThat(result("log_get_print_level")).isEqualTo("\"WARNING\"");

    assertThat(result("log_set_print_level", "{\"level\": \"NOTICE\"}")).isEqualTo("true");
    knock(" WARN  vm#1: ");
    assertThat(server.log()).contains(" INFO  vm#1: ").doesNotContain(" DEBUG ");
    assertThat(result("log_get_level")).isEqualTo("\"NOTICE\"");

    result("log_enable_timestamps", "{\"enabled\": false}");
    result("log_set_level", "{\"level\": \"DEBUG\"}");
    result("spdk_get_version");
    assertThat(server.log().lines()).anyMatch(line -> line.startsWith("DEBUG spdk_get_version"));
    assertThat(rpc("log_set_level", "{\"level\": \"LOUD\"}").err())
        .contains("error -32603: spdk_json_decode_object failed", "NOTICE");
  }

  @Test
  void aPartOfTheProgramLogsEverythingWhenItsFlagIsSet() throws Exception {
    assertThat(result("log_get_flags")).contains("\"rpc\":false", "\"vhost_scsi\":false");

    result("log_set_flag", "{\"flag\": \"rpc\"}");
    result("spdk_get_version");
    assertThat(result("log_get_flags")).contains("\"rpc\":true", "\"vhost_scsi\":false");
    assertThat(server.log()).contains(" DEBUG spdk_get_version");

    result("log_set_flag", "{\"flag\": \"all\"}");
    assertThat(result("log_get_flags")).doesNotContain("false");
    result("log_clear_flag", "{\"flag\": \"all\"}");
    assertThat(result("log_get_flags")).doesNotContain("true");
    assertThat(rpc("log_clear_flag", "{\"flag\": \"iscsi\"}").err())
        .contains("error -32602: invalid log flag: there is no iscsi; log_get_flags lists them");
  }

  @Test
  void whatBecameOfBdevsIsToldToThoseWhoAsk() {
    assertThat(result("notify_get_types"))
        .isEqualTo("[\"bdev_register\",\"bdev_unregister\",\"bdev_resize\"]");
    assertThat(result("notify_get_notifications")).isEqualTo("[]");
    result("bdev_null_create", "{\"name\": \"n\", \"block_size\": 512, \"num_blocks\": 8}");
    result("bdev_null_resize", "{\"name\": \"n\", \"new_size\": 1}");
    result("bdev_null_delete", "{\"name\": \"n\"}");

    assertThat(result("notify_get_notifications", "{\"id\": 1, \"max\": 1}"))
        .isEqualTo("[{\"type\":\"bdev_resize\",\"ctx\":\"n\",\"id\":1}]");
    assertThat(result("notify_get_notifications"))
        .isEqualTo(
            "[{\"type\":\"bdev_register\",\"ctx\":\"n\",\"id\":0},"
                + "{\"type\":\"bdev_resize\",\"ctx\":\"n\",\"id\":1},"
                + "{\"type\":\"bdev_unregister\",\"ctx\":\"n\",\"id\":2}]");
  }

  @Test
  void aSignalEndsTheServerInOrder() throws Exception {
    assertThat(rpc("spdk_kill_instance", "{\"sig_name\": \"SIGSTOP\"}").err())
        .contains("error -32602: Invalid parameters", "SIGTERM");

    rpc("spdk_kill_instance", "{\"sig_name\": \"SIGTERM\"}"); // may be gone before it answers

    assertThat(server.exitCode()).isZero();
    assertThat(folder.resolve("r.sock")).doesNotExist();
  }
}
