package io.millrace.bdev.heat;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoType;
import io.millrace.bdev.rpc.BdevErrors;
import io.millrace.bdev.stacked.ClaimedBase;
import io.millrace.bdev.stacked.StackedBdev;
import io.millrace.bdev.stacked.StackedChannel;
import io.millrace.bdev.stacked.StackedIo;
import io.millrace.bdev.stacked.StackedModule;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.Param;
import io.millrace.rpc.RpcMethod;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.node.StringNode;

/** A bdev that counts the requests to each 64th of its base: a map of where a disk is hot. */
public final class HeatBdev extends StackedBdev {
  private static final int REGIONS = 64;

  private final long regionBytes;
  private final Map<Reactor, long[]> touches = new ConcurrentHashMap<>();

  private HeatBdev(ClaimedBase base, String name) {
    super(base, like(base.bdev(), name, UUID.randomUUID(), "Heat map"));
    regionBytes = Math.max(sizeBytes() / REGIONS, properties().blockSize());
  }

  /** Claims the base and makes the bdev; the caller registers it. */
  public static HeatBdev create(BdevRegistry registry, String baseName, String name)
      throws BdevException {
    return ClaimedBase.stack(
        registry, baseName, "heat", () -> {}, base -> new HeatBdev(base, name));
  }

  /** Adds {@code bdev_heat_create}, which waits for a base that is not there yet. */
  public static void addTo(MethodRegistry methods, BdevRegistry registry) {
    StackedModule module = new StackedModule(registry, "heat", key -> {});
    methods.add(
        RpcMethod.named("bdev_heat_create", "Counts the requests to each part of a bdev")
            .param(Param.string("base_bdev_name", "the bdev below").required())
            .param(Param.string("name", "its name").required())
            .handledBy(call -> {
              String base = call.string("base_bdev_name");
              String name = call.string("name");
              try {
                module.ask(name, base, () -> registry.register(create(registry, base, name)));
              } catch (BdevException e) {
                throw BdevErrors.of(e);
              }
              return CompletableFuture.completedStage(StringNode.valueOf(name));
            }));
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) throws BdevException {
    return new Channel(reactor);
  }

  /** Requests to each part so far; a reactor's latest ones may be missing. Any thread. */
  public long[] heat() {
    long[] sum = new long[REGIONS];
    for (long[] ofAReactor : touches.values()) {
      Arrays.setAll(sum, i -> sum[i] + ofAReactor[i]);
    }
    return sum;
  }

  @Override
  public Map<String, Object> driverSpecific() {
    long[] heat = heat();
    int hottest = 0;
    for (int i = 1; i < REGIONS; i++) {
      hottest = heat[i] > heat[hottest] ? i : hottest;
    }
    return Map.of("heat", Map.of("region_bytes", regionBytes, "hottest_region", hottest));
  }

  private final class Channel extends StackedChannel {
    private final long[] own; // only this reactor writes them: no lock

    Channel(Reactor reactor) throws BdevException {
      super(HeatBdev.this, reactor);
      own = touches.computeIfAbsent(reactor, first -> new long[REGIONS]);
    }

    @Override
    protected void down(StackedIo io) {
      BdevIo request = io.request();
      if (request.type() != IoType.FLUSH) { // the range of a flush means nothing
        own[(int) Math.min(request.offsetBytes() / regionBytes, REGIONS - 1)]++;
      }
      passDown(io);
    }
  }
}
