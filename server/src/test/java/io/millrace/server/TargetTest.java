package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.perf.PerfOptions;
import io.millrace.initiator.perf.PerfResult;
import io.millrace.initiator.perf.PerfRun;
import io.millrace.initiator.perf.ReadWrite;
import io.millrace.linux.Cpu;
import io.millrace.reactor.CoreMask;
import io.millrace.vhost.user.VhostSocket.SocketAccess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A server within the test's JVM, and the rpc command against it. */
@Timeout(120)
class TargetTest {
  private static final String CONFIGURATION =
      """
      {"subsystems": [
        {"subsystem": "iobuf", "config": [{"method": "iobuf_set_options", "params": {"x": 1}}]},
        {"subsystem": "bdev", "config": [
          {"method": "bdev_malloc_create",
           "params": {"name": "M", "block_size": 4096, "num_blocks": 256}}]},
        {"subsystem": "vhost_blk", "config": [
          {"method": "vhost_create_blk_controller",
           "params": {"ctrlr": "m.sock", "dev_name": "M", "readonly": true}}]}]}
      """;

  @TempDir Path dir;
  private @Nullable Target target;

  @BeforeEach
  void image() throws IOException {
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
  }

  @AfterEach
  void stop() throws Exception {
    if (target != null) {
      target.stop();
    }
  }

  @Test
  void diskIsServedAtItsSocketAndGoneWithTheTarget() throws Exception {
    target = Target.start(disk(""));

    PerfResult result =
        new PerfRun(
                dir.resolve("vm0.sock"),
                PerfOptions.defaults().withLoad(ReadWrite.RANDWRITE, 4096, 8, 1),
                FrontendOptions.defaults())
            .run();
    assertThat(result.succeeded()).isTrue();
    assertThat(target.summary()).isEqualTo("1 disk on 1 core");

    target.stop();

    assertThat(dir.toFile().list()).containsExactly("disk.img");
    assertThat(Files.readAllBytes(dir.resolve("disk.img"))).isNotEqualTo(new byte[1 << 20]);
  }

  @Test
  void perfCommandReportsInFiosJson() throws Exception {
    target = Target.start(disk(""));
    String socket = dir.resolve("vm0.sock").toString();

    Cli cli =
        Cli.run(
            "perf",
            "--socket",
            socket,
            "--rw=randread",
            "--bs=4k",
            "--iodepth=4",
            "--size=64k",
            "--output-format=json");

    assertThat(cli.exitCode()).as(cli.err()).isZero();
    JsonNode job = new JsonMapper().readTree(cli.out()).at("/jobs/0");
    assertThat(job.at("/read/total_ios").intValue()).isEqualTo(16);
    assertThat(job.at("/read/iops").doubleValue()).isPositive();
    assertThat(job.at("/read/clat_ns/percentile/99.000000").longValue()).isPositive();
    assertThat(Cli.run("perf", "--socket", socket, "--size=64k").out()).contains("read: IOPS=");
  }

  @Test
  void modeOfTheSocketsIsTheOneAskedFor() throws Exception {
    target = Target.start(disk("").withAccess(new SocketAccess(0620, -1)));

    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("vm0.sock"))))
        .isEqualTo("rw--w----");
  }

  @Test
  void groupOfTheSocketsIsTheOneAskedForByName() throws Exception {
    int own = (int) Files.getAttribute(dir, "unix:gid");
    String[] group =
        Files.readAllLines(Path.of("/etc/group")).stream()
            .map(line -> line.split(":", -1))
            .filter(fields -> isRoot() != fields[2].equals(String.valueOf(own)))
            .findFirst()
            .orElseThrow();
    int number = SocketGroup.number(group[0]);
    assertThat(number).isEqualTo(Integer.parseInt(group[2]));

    target = Target.start(disk("").withAccess(new SocketAccess(-1, number)));

    assertThat(Files.getAttribute(dir.resolve("vm0.sock"), "unix:gid")).isEqualTo(number);
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }

  @Test
  void whatSpdkSavedIsServed() throws Exception {
    String saved;
    try (InputStream in = getClass().getResourceAsStream("spdk-saved.json")) {
      saved = new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
    }
    String mask = CoreMask.format(Cpu.affinity()).substring(2); // SPDK writes no 0x
    Path file =
        Files.writeString(
            dir.resolve("c.json"), saved.replace("DIR", dir.toString()).replace("MASK", mask));

    target =
        Target.start(ServeOptions.in(dir).withConfiguration(file).withRpcSocket(dir.resolve("r")));

    assertThat(target.summary()).startsWith("2 disks on 1 core");
    assertThat(rpc("vhost_get_controllers").out())
        .contains("\"ctrlr\" : \"vhost.0\"", "\"bdev\" : \"Malloc0\"", "\"bdev\" : \"Aio0\"");
    assertThat(rpc("bdev_get_bdevs").out())
        .contains("\"Null0\"", "2b6601ba-eada-44fb-9a83-a20eb9eb9e90", "\"num_blocks\" : 2048");
    assertThat(rpc("bdev_wait_for_examine").out()).isEqualToIgnoringNewLines("true");
  }

  @Test
  void configurationAndCommandLineServeSideBySideAndRpcShowsBoth() throws Exception {
    Path file = Files.writeString(dir.resolve("c.json"), CONFIGURATION);
    target =
        Target.start(
            disk(",readonly,serial=S1").withConfiguration(file).withRpcSocket(dir.resolve("r")));

    Cli controllers = rpc("vhost_get_controllers");
    assertThat(controllers.exitCode()).as(controllers.err()).isZero();
    assertThat(controllers.out())
        .contains("\"ctrlr\" : \"vm0.sock\"", "\"ctrlr\" : \"m.sock\"", "\"bdev\" : \"M\"");
    assertThat(rpc("bdev_get_bdevs", "{\"name\": \"vm0.sock\"}").out())
        .contains("\"product_name\" : \"AIO disk\"", "\"readonly\" : true");
    assertThat(target.summary()).isEqualTo("2 disks on 1 core, JSON-RPC at " + dir.resolve("r"));
    assertThat(dir.resolve("m.sock")).exists();
  }

  @Test
  void rpcErrorIsOneLineAndExitCode1() throws Exception {
    target = Target.start(ServeOptions.in(dir).withRpcSocket(dir.resolve("r")));

    Cli cli = rpc("bdev_null_delete", "{\"name\": \"N\"}");

    assertThat(cli.exitCode()).isEqualTo(1);
    assertThat(cli.err())
        .isEqualToIgnoringNewLines(
            "millrace rpc: bdev_null_delete: error -19: No such device: there is no bdev N");
    assertThat(cli.out()).isEmpty();
  }

  @Test
  void methodsDescribeThemselves() throws Exception {
    target = Target.start(ServeOptions.in(dir).withRpcSocket(dir.resolve("r")));

    assertThat(rpc("--describe", "bdev_null_delete").out())
        .isEqualToIgnoringNewLines(
            "bdev_null_delete - Removes a null disk    name: the bdev (a string, required)");
    assertThat(rpc("--describe").out()).contains("vhost_create_blk_controller - ");
    assertThat(rpc("spdk_get_version").out()).contains("\"version\" : \"Millrace v");
    assertThat(rpc("rpc_get_methods").out())
        .contains(
            "bdev_null_create",
            "bdev_malloc_create",
            "bdev_aio_create",
            "bdev_aio_delete",
            "vhost_delete_controller",
            "spdk_get_version");
  }

  @Test
  void failureHalfWayLeavesNothing() throws Exception {
    Path file = Files.writeString(dir.resolve("c.json"), CONFIGURATION);
    Files.writeString(dir.resolve("r"), "no socket");

    assertThatThrownBy(
            () -> Target.start(disk("").withConfiguration(file).withRpcSocket(dir.resolve("r"))))
        .isInstanceOf(CommandException.class)
        .hasMessageContaining("is not a socket");

    assertThat(dir.toFile().list()).containsExactlyInAnyOrder("disk.img", "c.json", "r");
    target = Target.start(disk("")); // image unlocked
  }

  @Test
  void liveSocketIsNotReplaced() throws Exception {
    target = Target.start(disk(",readonly"));

    Cli second =
        Cli.run("serve", "-S", dir.toString(), "--blk", "vm0.sock=" + dir + "/disk.img,readonly");

    assertThat(second.exitCode()).isEqualTo(2);
    assertThat(second.err())
        .startsWith("millrace serve: " + dir + "/vm0.sock: another server listens there")
        .hasLineCount(1);
    assertThat(dir.resolve("vm0.sock")).exists();
  }

  @Test
  void imageInUseIsNotServedTwice() throws Exception {
    target = Target.start(disk(""));

    Cli second = Cli.run("serve", "-S", dir.toString(), "--blk", "b.sock=" + dir + "/disk.img");

    assertThat(second.exitCode()).isEqualTo(2);
    assertThat(second.err()).contains("is in use by another program").hasLineCount(1);
    assertThat(dir.resolve("b.sock")).doesNotExist();
  }

  private Cli rpc(String... args) {
    String[] all = new String[args.length + 3];
    all[0] = "rpc";
    all[1] = "-r";
    all[2] = dir.resolve("r").toString();
    System.arraycopy(args, 0, all, 3, args.length);
    return Cli.run(all);
  }

  /** The image at vm0.sock, with more options behind it. */
  private ServeOptions disk(String more) {
    DiskOption option = DiskOption.parse("vm0.sock=" + dir.resolve("disk.img") + more);
    return ServeOptions.in(dir).withDisks(List.of(option));
  }
}
