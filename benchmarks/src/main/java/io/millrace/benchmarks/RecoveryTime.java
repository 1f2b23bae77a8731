package io.millrace.benchmarks;

import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.live.migration.BadInflightException;
import io.millrace.live.migration.InflightRegion;
import io.millrace.virtqueue.ChainStatus;
import io.millrace.virtqueue.DescriptorChain;
import io.millrace.virtqueue.DeviceQueue;
import io.millrace.virtqueue.DriverRing;
import io.millrace.virtqueue.GuestMemoryMap;
import io.millrace.virtqueue.GuestRegion;
import io.millrace.virtqueue.IndirectTables;
import io.millrace.virtqueue.InflightPlace;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.SwitchedWrites;
import io.millrace.virtqueue.VirtioFeature;
import io.millrace.virtqueue.VringLayout;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * From an in-flight region with 1,024 requests to all of them fetched again, in a process that does
 * it for the first time: what a guest waits for after a kill, beside the start.
 */
public final class RecoveryTime {
  private static final int ENTRIES = 1024;
  private static final long RING_BYTES = 64 << 10;
  private static final Figure.Bar BAR = Figure.Bar.below(10, "< 10 ms");
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private RecoveryTime() {}

  /** The median of several processes for each format. */
  static List<Figure> measure(Peers peers, int runs) throws IOException, InterruptedException {
    List<Figure> figures = new ArrayList<>();
    for (RingFormat format : RingFormat.values()) {
      List<Double> millis = new ArrayList<>();
      for (int i = 0; i < runs; i++) {
        millis.add(run(peers, format));
      }
      Spread spread = Spread.of(millis);
      figures.add(
          new Figure(
                  "recovery: %d requests in flight, %s, the first time in a process"
                      .formatted(ENTRIES, format.name().toLowerCase(Locale.ROOT)),
                  spread.median(),
                  spread.format(1) + " ms",
                  BAR,
                  List.of())
              .withValues(millis));
    }
    return figures;
  }

  private static double run(Peers peers, RingFormat format)
      throws IOException, InterruptedException {
    List<String> command = JavaProgram.command(RecoveryTime.class, List.of(format.name()));
    try (Child child = Child.start("recovery", "0", command, peers.work())) {
      return Double.parseDouble(child.awaitOutput(LIMIT).strip());
    }
  }

  /** Prints the milliseconds of one recovery of the ring format that is its argument. */
  public static void main(String[] args) throws LinuxException, BadInflightException {
    RingFormat format = RingFormat.valueOf(args[0]);
    boolean packed = format == RingFormat.PACKED;
    long regionBytes = InflightRegion.queueBytes(packed, ENTRIES);
    try (Mapping memory = Mapping.anonymous(2 * RING_BYTES, false);
        Mapping region = Mapping.anonymous(regionBytes, false)) {
      long features = packed ? VirtioFeature.RING_PACKED : 0;
      VringLayout layout = VringLayout.at(memory.address(), format, ENTRIES);
      DriverRing driver = DriverRing.open(layout, features, IndirectTables.NONE);
      for (int i = 0; i < ENTRIES; i++) {
        int head = driver.begin(1);
        driver.add(memory.address() + RING_BYTES, 512, true);
        driver.offer(head);
      }
      driver.publish();
      GuestMemoryMap map =
          new GuestMemoryMap(
              List.of(
                  new GuestRegion(
                      memory.address(), memory.size(), memory.address(), memory.address())));
      InflightPlace place = new InflightPlace(region.address());
      takeAll(layout, map, features, place); // and dies
      long begin = System.nanoTime();
      takeAll(layout, map, features, place);
      System.out.println((System.nanoTime() - begin) / 1e6);
    }
  }

  private static void takeAll(
      VringLayout layout, GuestMemoryMap map, long features, InflightPlace place)
      throws BadInflightException {
    DeviceQueue device =
        Objects.requireNonNull(
            DeviceQueue.open(
                layout,
                map.translation(),
                features,
                RingFormat.of(features).firstBase(),
                SwitchedWrites.UNTRACKED,
                place));
    DescriptorChain chain = new DescriptorChain();
    int taken = 0;
    while (device.fetch(chain) == ChainStatus.FETCHED) {
      taken++;
    }
    if (taken != ENTRIES) {
      throw new IllegalStateException(taken + " requests were taken");
    }
  }
}
