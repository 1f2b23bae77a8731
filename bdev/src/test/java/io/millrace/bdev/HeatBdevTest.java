package io.millrace.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.heat.HeatBdev;
import io.millrace.rpc.MethodRegistry;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** The example of docs/bdev-modules.md keeps the contract, and counts. */
class HeatBdevTest extends BdevContract {
  private HeatBdev heat;

  @Override
  Bdev newBdev(String name) throws BdevException {
    registry.register(MallocBdev.create("base", UUID.randomUUID(), BLOCK, BLOCK, BLOCKS));
    heat = HeatBdev.create(registry, "base", name);
    return heat;
  }

  @Test
  void requestsAreCountedWhereTheyStart() {
    run(IoType.READ, 0, BLOCK);
    run(IoType.WRITE, SIZE - BLOCK, BLOCK);
    run(IoType.READ, SIZE - BLOCK, BLOCK);
    run(IoType.FLUSH, 0, SIZE);

    assertThat(heat.heat()[0]).isEqualTo(1);
    assertThat(heat.heat()[63]).isEqualTo(2);
    assertThat(Arrays.stream(heat.heat()).sum()).isEqualTo(3);
    assertThat(heat.driverSpecific()).hasToString("{heat=" + heatOf(63) + "}");
  }

  private Object heatOf(int hottest) {
    return Map.of("region_bytes", (long) SIZE / 64, "hottest_region", hottest);
  }

  @Test
  void itIsMadeWhenItsBaseComes() throws BdevException {
    MethodRegistry methods = new MethodRegistry();
    HeatBdev.addTo(methods, registry);
    methods.enterRuntime();
    methods
        .call(
            "bdev_heat_create",
            new JsonMapper().readTree("{\"base_bdev_name\":\"later\",\"name\":\"warm\"}"))
        .toCompletableFuture()
        .join();
    assertThat(registry.all()).extracting(Bdev::name).doesNotContain("warm");

    registry.register(new NullBdev("later", UUID.randomUUID(), 512, 512, 8));

    assertThat(registry.get("warm")).isInstanceOf(HeatBdev.class);
  }
}
