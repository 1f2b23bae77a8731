package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How long a guest's writes stand still when its server is killed and started again at once. QEMU
 * looks for the next one a second after it lost the last.
 */
class RestartPauseTest {
  /** Kills for each server and ring format; none by default, as figures want a quiet machine. */
  private static final int PAUSES = Integer.getInteger("millrace.vm.pauses", 0);

  private static final double TIMER_MILLIS = 1000; // QEMU's reconnect=1
  private static final double BEYOND_MILLIS = 500;
  private static final long MIB = 1 << 20;
  private static final String GAP = "gap ";

  private static final String LOAD =
      """
      await_file /dev/vda
      blkload rounds /dev/vda --offset %1$d --length %2$d --threads 8 >&3
      say "FAIL the load ended with exit code $?"
      """
          .formatted(MIB, 4 * MIB);

  @RegisterExtension final Lab lab = new Lab();

  /** Starts a server of {@code disk.img} at {@code vm0.sock}. */
  private interface Program {
    Process start() throws IOException;
  }

  @BeforeEach
  void prepare() {
    assumeThat(PAUSES).as("-Dmillrace.vm.pauses says how often to kill").isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"packed=off", "packed=on"})
  void aGuestOfMillraceWaitsForTheTimerOfQemuAndLittleMore(String ring) throws Exception {
    Path image = lab.image("disk.img", 64 * MIB);

    double median =
        medianPause(
            "Millrace, " + ring,
            ring,
            () ->
                lab.start(
                    List.of(
                        MillraceServer.PROGRAM.toString(), "serve", "--blk", "vm0.sock=" + image),
                    "server.log",
                    false));

    assertThat(median).isLessThanOrEqualTo(TIMER_MILLIS + BEYOND_MILLIS);
  }

  /** To compare with: nothing is asked of it. */
  @ParameterizedTest
  @ValueSource(strings = {"packed=off", "packed=on"})
  void aGuestOfSpdkWaits(String ring) throws Exception {
    String directory = System.getenv("SPDK_DIR");
    assumeThat(directory).as("needs SPDK_DIR, where SPDK v26.05 is built").isNotNull();
    Path image = lab.image("disk.img", 64 * MIB);
    Files.writeString(
        lab.path("spdk.json"),
        """
        {"subsystems": [
        {"subsystem": "bdev", "config": [{"method": "bdev_aio_create", "params":
          {"name": "disk", "filename": "%s", "block_size": 512}}]},
        {"subsystem": "vhost_blk", "config": [{"method": "vhost_create_blk_controller", "params":
          {"ctrlr": "vm0.sock", "dev_name": "disk", "packed_ring": true}}]}]}
        """
            .formatted(image));
    List<String> command = new ArrayList<>(List.of(directory + "/build/bin/vhost"));
    command.addAll(List.of("-m", "0x1", "-s", "512", "--no-pci", "--disable-cpumask-locks"));
    command.addAll(List.of("-r", lab.shortPath("spdk.rpc").toString()));
    command.addAll(List.of("-c", "spdk.json", "-S", "."));

    medianPause("SPDK, " + ring, ring, () -> lab.start(command, "server.log", false));
  }

  private double medianPause(String name, String ring, Program program) throws Exception {
    Process server = program.start();
    Path socket = lab.path("vm0.sock");
    Await.until("the server to listen", Guest.LIMIT, () -> Files.exists(socket));
    Guest guest =
        Guest.named("guest").reconnectingDisk("vm0.sock", 1, ring).script(LOAD).start(lab);
    guest.await("durable");
    List<Double> pauses = new ArrayList<>();
    for (int i = 0; i < PAUSES; i++) {
      int seen = guest.report().size();
      server.destroyForcibly().waitFor();
      server = program.start();
      pauses.add(pauseSince(guest, seen));
    }
    assertThat(guest.report()).noneMatch(line -> line.startsWith("FAIL"));
    guest.kill();
    server.destroyForcibly().waitFor();
    pauses.sort(null);
    double median = pauses.get(PAUSES / 2);
    System.out.printf(
        "guest pause after kill -9, %s: %.0f [%.0f..%.0f] ms, %d kills%n",
        name, median, pauses.getFirst(), pauses.getLast(), PAUSES);
    return median;
  }

  /** The longest of the gaps that a guest reports until it has gone on for some rounds. */
  private static double pauseSince(Guest guest, int seen) {
    List<Double> gaps = new ArrayList<>();
    Await.until(
        "the guest to go on",
        Guest.LIMIT,
        () -> {
          List<String> lines = guest.report();
          gaps.clear();
          lines.subList(seen, lines.size()).stream()
              .filter(line -> line.startsWith(GAP))
              .map(line -> Double.valueOf(line.substring(GAP.length())))
              .forEach(gaps::add);
          return gaps.stream().anyMatch(gap -> gap >= TIMER_MILLIS / 2)
              && gaps.getLast() < TIMER_MILLIS / 2;
        });
    return gaps.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
  }
}
