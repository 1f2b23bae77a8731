package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.RawMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A server with {@code register-memory=on}, seen by a front-end, its operator and its log. */
@Timeout(240)
class RegisteredMemoryProcessTest {
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final int IMAGE_BYTES = 1 << 20;
  private static final long DATA_BYTES = 80L << 20; // more than one buffer
  private static final String REFUSED = "guest memory is not registered: memlock limit";

  @TempDir Path folder;
  private Path dir;
  private final byte[] content = new byte[IMAGE_BYTES];

  @BeforeEach
  void image() throws IOException {
    dir = Files.createDirectory(folder.resolve("run"));
    new Random(6).nextBytes(content);
    Files.write(dir.resolve("disk.img"), content);
    Files.write(dir.resolve("other.img"), content);
  }

  @Test
  void memoryOfTheFrontEndsOfThatDiskIsRegisteredWhileTheyAreThere() throws Exception {
    try (ServerProcess server = serve(List.of())) {
      assertThat(server.line()).startsWith("ready: 2 disks");
      try (VirtioBlkDriver driver = open("vm0.sock");
          VirtioBlkDriver other = open("vm1.sock")) {
        long bytes = driver.memory().size();
        JsonNode file = await("vm0.sock", f -> f.get("registered_bytes").longValue() == bytes);
        assertThat(file.get("register_memory").booleanValue()).isTrue();
        assertThat(file.has("not_registered")).isFalse();
        assertThat(file.get("engine").stringValue()).isEqualTo("io_uring");

        copyFirstHalfToSecond(driver);
        copyFirstHalfToSecond(other);

        JsonNode plain = file("vm1.sock");
        assertThat(plain.get("register_memory").booleanValue()).isFalse();
        assertThat(plain.has("registered_bytes")).isFalse();
      }
      await("vm0.sock", f -> f.get("registered_bytes").longValue() == 0);
      server.terminate();
      assertThat(server.exitCode()).isZero();
      assertThat(server.log()).doesNotContain("not registered");
    }
    assertCopied("disk.img");
    assertCopied("other.img");
  }

  @Test
  void moreMemoryThanTheMemlockLimitIsOneLineAndTheDiskWorks() throws Exception {
    try (ServerProcess server = serve(limited())) {
      assertThat(server.line()).startsWith("ready: 2 disks");
      try (VirtioBlkDriver driver = open("vm0.sock")) {
        JsonNode file = await("vm0.sock", f -> f.has("not_registered"));
        assertThat(file.get("not_registered").stringValue()).isEqualTo("memlock limit");
        assertThat(file.get("registered_bytes").longValue()).isLessThan(driver.memory().size());

        copyFirstHalfToSecond(driver);
      }
      server.terminate();
      assertThat(server.exitCode()).isZero();
      assertThat(server.log())
          .containsOnlyOnce(REFUSED)
          .contains("bdev vm0.sock: disk.img: " + REFUSED, "ENOMEM", "LimitMEMLOCK=");
    }
    assertCopied("disk.img");
  }

  /** Without the right to lock what it likes, and with little that it may lock. */
  private static List<String> limited() {
    List<String> limit = List.of("prlimit", "--memlock=1048576:1048576");
    if (!System.getProperty("user.name").equals("root")) {
      return limit;
    }
    String right = "-ipc_lock";
    return List.of(
        "setpriv", "--bounding-set", right, "--inh-caps", right, limit.get(0), limit.get(1));
  }

  private ServerProcess serve(List<String> launcher) throws IOException {
    return ServerProcess.start(
        dir,
        launcher,
        "serve",
        "--blk",
        "vm0.sock=disk.img,format=raw,register-memory=on",
        "--blk",
        "vm1.sock=other.img,format=raw",
        "-r",
        "r.sock");
  }

  private VirtioBlkDriver open(String socket) throws Exception {
    return VirtioBlkDriver.open(
        dir.resolve(socket), BlkDriverOptions.defaults().withMemory(DATA_BYTES, true));
  }

  /** Through all of the shared memory, so through every buffer. */
  private static void copyFirstHalfToSecond(VirtioBlkDriver driver) throws Exception {
    int piece = 64 * 1024;
    int pieces = IMAGE_BYTES / 2 / piece;
    long gap = DATA_BYTES / pieces - piece - 4096;
    for (int i = 0; i < pieces; i++) {
      long buffer = driver.memory().allocate(piece, 512);
      driver.memory().allocate(gap, 1);
      run(driver, VirtioBlk.T_IN, (long) i * piece, buffer, piece);
      run(driver, VirtioBlk.T_OUT, IMAGE_BYTES / 2 + (long) i * piece, buffer, piece);
      RawMemory.fill(buffer, piece, (byte) 0);
    }
  }

  private static void run(VirtioBlkDriver driver, int type, long offset, long buffer, int bytes)
      throws Exception {
    assertThat(driver.run(type, offset / 512, buffer, bytes, WAIT_NANOS)).isEqualTo(VirtioBlk.S_OK);
  }

  private void assertCopied(String image) throws IOException {
    byte[] now = Files.readAllBytes(dir.resolve(image));
    byte[] half = Arrays.copyOf(content, IMAGE_BYTES / 2);
    assertThat(Arrays.copyOf(now, IMAGE_BYTES / 2)).isEqualTo(half);
    assertThat(Arrays.copyOfRange(now, IMAGE_BYTES / 2, IMAGE_BYTES)).isEqualTo(half);
  }

  private JsonNode await(String bdev, Predicate<JsonNode> condition) {
    long deadline = System.nanoTime() + WAIT_NANOS;
    JsonNode file = file(bdev);
    while (!condition.test(file)) {
      assertThat(System.nanoTime()).as("%s", file).isLessThan(deadline);
      file = file(bdev);
    }
    return file;
  }

  private JsonNode file(String bdev) {
    String socket = dir.resolve("r.sock").toString();
    Cli cli = Cli.run("rpc", "-r", socket, "bdev_get_bdevs", "{\"name\": \"" + bdev + "\"}");
    assertThat(cli.exitCode()).as(cli.err()).isZero();
    return new JsonMapper().readTree(cli.out()).at("/0/driver_specific/file");
  }
}
