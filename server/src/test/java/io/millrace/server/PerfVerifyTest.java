package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code millrace perf --verify} over a served disk whose image changes behind the server. */
@Timeout(120)
class PerfVerifyTest {
  private static final int BLOCK = 4096;
  private static final int DISK = 1 << 20;

  @TempDir Path dir;
  private Path image;
  private Target target;

  @BeforeEach
  void serve() throws Exception {
    image = dir.resolve("disk.img");
    Files.write(image, new byte[DISK]);
    List<DiskOption> disks = List.of(DiskOption.parse(dir.resolve("vm0.sock") + "=" + image));
    target = Target.start(ServeOptions.in(Path.of("")).withDisks(disks));
  }

  @AfterEach
  void stop() throws InterruptedException {
    target.stop();
  }

  @Test
  void bitFlipSwapAndStaleBlockAreEachReportedWithTheirOffset() throws Exception {
    assertThat(perf("--rw=randwrite", "--verify", "--verify-state=STATE").err()).isEmpty();
    byte[] old = read(40, 1);
    assertThat(perf("--rw=randwrite", "--verify", "--verify-state=STATE").exitCode()).isZero();
    byte[] flipped = read(7, 1);
    flipped[1000] ^= 0x10;
    write(7, flipped);
    byte[] tenth = read(10, 1);
    write(10, read(20, 1));
    write(20, tenth);
    write(40, old);

    Cli cli = perf("--rw=randwrite", "--verify", "--verify_only", "--verify-state=STATE");

    assertThat(cli.exitCode()).isEqualTo(1);
    List<String> lines = cli.err().lines().sorted().toList();
    assertThat(lines).hasSize(5);
    assertThat(lines.get(0))
        .startsWith("millrace perf: block at offset 163840 (4096 bytes) is stale: it holds the");
    assertThat(lines.get(1))
        .startsWith("millrace perf: block at offset 28672 (4096 bytes) is corrupt: 1 bit differs")
        .contains("byte 29672 is 0x");
    assertThat(lines.get(2))
        .startsWith("millrace perf: block at offset 40960 (4096 bytes) is misplaced: 8 of 8")
        .endsWith("written to the block at offset 81920");
    assertThat(lines.get(3))
        .startsWith("millrace perf: block at offset 81920 (4096 bytes) is misplaced: 8 of 8")
        .endsWith("written to the block at offset 40960");
    assertThat(lines.get(4)).isEqualTo("millrace perf: job 0: 4 of 256 blocks are bad");
  }

  @Test
  void writeThatTheDiskLostIsSeenByTheSameRun() throws Exception {
    // Written through the server, and taken back while nobody looks: the state still knows.
    perf("--rw=write", "--verify", "--verify-state=STATE");
    byte[] before = read(0, 256);
    perf("--rw=write", "--verify", "--do_verify=0", "--verify-state=STATE");
    write(0, Arrays.copyOf(before, 3 * BLOCK));

    Cli cli = perf("--rw=read", "--bs=16k", "--verify", "--verify-state=STATE");

    assertThat(cli.exitCode()).isEqualTo(1);
    assertThat(cli.err())
        .contains("block at offset 0 (16384 bytes) is stale: it holds the write of ")
        .contains("1 of 64 blocks are bad");
  }

  @Test
  void jsonTellsOfEachBadBlock() throws Exception {
    perf("--rw=write", "--verify");
    write(3, new byte[BLOCK]);

    Cli cli = perf("--rw=randread", "--verify", "--output-format=json");

    assertThat(cli.out())
        .contains("\"error\" : 84", "\"offset\" : 12288", "\"damage\" : \"no_pattern\"");
  }

  @Test
  void reportGoesToAFileAndProgressToStandardError() throws Exception {
    Path report = dir.resolve("report");

    Cli cli =
        perf("--rw=randread", "--time_based", "--runtime=1", "--eta=always", "--output=" + report);

    assertThat(cli.exitCode()).as(cli.err()).isZero();
    assertThat(cli.out()).isEmpty();
    assertThat(report).content().contains("  read: IOPS=");
    assertThat(cli.err()).contains("Jobs: 1: [").contains("%][r=").contains("[eta 00m:0");
  }

  private Cli perf(String... options) {
    List<String> args = new ArrayList<>(List.of("perf", "--socket", dir + "/vm0.sock"));
    for (String option : options) {
      args.add(option.replace("STATE", dir.resolve("state").toString()));
    }
    return Cli.run(args.toArray(String[]::new));
  }

  private byte[] read(int block, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count * BLOCK);
    try (FileChannel file = FileChannel.open(image)) {
      assertThat(file.read(bytes, (long) block * BLOCK)).isEqualTo(count * BLOCK);
    }
    return bytes.array();
  }

  private void write(int block, byte[] bytes) throws IOException {
    try (FileChannel file = FileChannel.open(image, StandardOpenOption.WRITE)) {
      assertThat(file.write(ByteBuffer.wrap(bytes), (long) block * BLOCK)).isEqualTo(bytes.length);
    }
  }
}
