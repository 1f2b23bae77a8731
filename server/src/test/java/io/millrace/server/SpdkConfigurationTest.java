package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.Cpu;
import io.millrace.reactor.CoreMask;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A file that SPDK's {@code save_config} wrote, with all its subsystems, starts Millrace: {@code
 * spdk-saved.json} is of a vhost of v26.05 with disks of every kind below devices of both.
 */
@Timeout(60)
class SpdkConfigurationTest {
  @TempDir Path dir;

  @Test
  void whatSpdkSavedOfEveryKindIsServedUnchanged() throws Exception {
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
    Path file = Files.writeString(dir.resolve("c.json"), saved());
    Path socket = dir.resolve("rpc.sock");

    try (ServerProcess server =
        ServerProcess.start(
            Files.createDirectory(dir.resolve("work")),
            List.of(),
            "serve",
            "-c",
            file.toString(),
            "-S",
            dir.toString(),
            "-r",
            socket.toString())) {
      assertThat(server.line()).startsWith("ready: 3 disks");
      try (RawRpc rpc = RawRpc.connect(socket)) {
        assertThat(names(rpc, "bdev_get_bdevs", "name"))
            .containsExactlyInAnyOrder(
                "Malloc0",
                "Malloc1",
                "Malloc2",
                "Malloc3",
                "Null0",
                "Aio0",
                "Pass0",
                "Delay0",
                "EE_Malloc2",
                "Malloc3p0",
                "Malloc3p1",
                "Malloc3p2",
                "Malloc3p3");
        assertThat(names(rpc, "vhost_get_controllers", "ctrlr"))
            .containsExactlyInAnyOrder("vm0.sock", "vm1.sock", "vm2.sock");
        String controllers = call(rpc, "vhost_get_controllers").toString();
        assertThat(controllers)
            .contains("\"delay_base_us\":100,\"iops_threshold\":20000")
            .contains("\"readonly\":true,\"bdev\":\"Delay0\"")
            .contains("\"bdev_name\":\"Malloc3p0\"", "\"bdev_name\":\"Aio0\"");
      }
    }
  }

  private String saved() throws Exception {
    return Files.readString(RpcSession.FOLDER.resolve("spdk-saved.json"))
        .replace("DIR", dir.toString())
        .replace("MASK", CoreMask.format(Cpu.affinity()).substring(2)); // SPDK writes no 0x
  }

  private static List<String> names(RawRpc rpc, String method, String member) throws Exception {
    return call(rpc, method).valueStream().map(one -> one.path(member).stringValue()).toList();
  }

  private static JsonNode call(RawRpc rpc, String method) throws Exception {
    String reply = rpc.exchange("{\"method\":\"" + method + "\",\"id\":1}");
    return new JsonMapper().readTree(reply).get("result");
  }
}
