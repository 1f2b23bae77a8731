package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.Cpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What reactors do with their cores: those of {@code -m} are theirs alone, as far as there are
 * others.
 */
@Timeout(120)
class ReactorCoresTest {
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(30);

  @TempDir private Path dir;

  @Test
  void everyOtherThreadOfTheProcessRunsElsewhere() throws Exception {
    BitSet cores = Cpu.affinity();
    assumeThat(cores.cardinality())
        .as("cores, so that one can be left to a reactor")
        .isNotEqualTo(1);
    int core = cores.nextSetBit(0);
    cores.clear(core);
    Files.write(dir.resolve("disk.img"), new byte[4096]);

    try (ServerProcess server =
        ServerProcess.start(
            dir,
            List.of(),
            "serve",
            "-m",
            "[" + core + "]",
            "--blk",
            "s=disk.img,engine=threads")) {
      assertThat(server.line()).startsWith("ready: 1 disk");
      try (VirtioBlkDriver driver =
          VirtioBlkDriver.open(dir.resolve("s"), BlkDriverOptions.defaults())) {
        long buffer = driver.memory().allocate(512, 512); // the engine's thread comes when used
        assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, WAIT_NANOS)).isZero();

        NavigableMap<String, Set<BitSet>> threads = threads(server);
        String reactor = "reactor-" + core;
        BitSet own = new BitSet();
        own.set(core);
        assertThat(threads.remove(reactor)).containsExactly(own);
        assertThat(threads.ceilingKey(reactor))
            .as(threads.toString())
            .startsWith(reactor + "-file");
        assertThat(threads).containsKey("control");
        assertThat(threads).allSatisfy((_, allowed) -> assertThat(allowed).containsExactly(cores));
      }
    }
  }

  @Test
  void pollingReactorIsBusyWithoutADisk() throws Exception {
    try (ServerProcess server =
        ServerProcess.start(dir, List.of(), "serve", "--poll", "-r", "rpc.sock")) {
      assertThat(server.line()).startsWith("ready: 0 disks");
      long before = reactorTicks(server);
      long deadline = System.nanoTime() + WAIT_NANOS;

      while (reactorTicks(server) < before + 50) { // half a second, that a sleeper never uses
        assertThat(System.nanoTime()).as("time until it was busy").isLessThan(deadline);
        Thread.onSpinWait();
      }
    }
  }

  /** Processor time of the reactor's thread, in hundredths of a second. */
  private static long reactorTicks(ServerProcess server) throws IOException {
    return ProcThreads.stat(server.pid(), "(reactor-", ProcThreads.UTIME).getFirst()
        + ProcThreads.stat(server.pid(), "(reactor-", ProcThreads.STIME).getFirst();
  }

  /** Where the threads of each name may run. */
  private static NavigableMap<String, Set<BitSet>> threads(ServerProcess server)
      throws IOException {
    NavigableMap<String, Set<BitSet>> threads = new TreeMap<>();
    for (String file : ProcThreads.files(server.pid(), "status")) {
      List<String> status = file.lines().toList();
      threads
          .computeIfAbsent(field(status, "Name"), _ -> new HashSet<>())
          .add(cores(field(status, "Cpus_allowed_list")));
    }
    return threads;
  }

  private static String field(List<String> status, String name) {
    return status.stream()
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1).strip())
        .findFirst()
        .orElseThrow();
  }

  private static BitSet cores(String list) {
    BitSet cores = new BitSet();
    for (String range : list.split(",", -1)) {
      String[] ends = range.split("-", -1);
      cores.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
    }
    return cores;
  }
}
