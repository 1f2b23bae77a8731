package io.millrace.nvme.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.linux.Mapping;
import io.millrace.nvme.bdev.DiskUser;
import io.millrace.nvme.bdev.PciDevices;
import io.millrace.nvme.qtest.EmulatedMachine;
import io.millrace.rpc.RpcException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** bdev_nvme_set_hotplug, with functions that come and go as the test says. */
class HotplugMethodsTest {
  private static final String SET = "bdev_nvme_set_hotplug";
  private static final String FAST = "{'enable': true, 'period_us': 1000}";

  @TempDir Path directory;

  private final Set<String> present = ConcurrentHashMap.newKeySet();
  private final AtomicInteger looks = new AtomicInteger();
  private volatile boolean broken;

  private Collection<String> look() {
    looks.incrementAndGet();
    if (broken) {
      throw new UncheckedIOException(new IOException("sysfs is not there"));
    }
    return Set.copyOf(present);
  }

  private EmulatedMachine machine() throws Exception {
    return EmulatedMachine.in(directory)
        .nvme("n0", 16 << 20, ",addr=4")
        .nvme("n1", 16 << 20, ",addr=5")
        .start();
  }

  private RpcWorld world() {
    return new RpcWorld(PciDevices::open, this::look).running();
  }

  private String address(int device) {
    return "qtest:" + directory + "#00:0" + device + ".0";
  }

  /** Two whole looks that began after this call are over. */
  private void awaitLooks() {
    int before = looks.get();
    RpcWorld.await(() -> looks.get() >= before + 3, "somebody looks");
  }

  private static String names(RpcWorld world) throws Exception {
    StringBuilder names = new StringBuilder();
    world
        .call("bdev_nvme_get_controllers", "{}")
        .forEach(one -> names.append(one.get("name").stringValue()).append(' '));
    return names.toString().strip();
  }

  private static String attached(int number, String address) {
    return "bdev_nvme_attach_controller{\"name\":\"HotInNvme"
        + number
        + "\",\"trtype\":\"PCIe\",\"traddr\":\""
        + address
        + "\"}\n";
  }

  private static String configurationOf(RpcWorld world) {
    try {
      return world.configuration();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void awaitNames(RpcWorld world, String expected) {
    RpcWorld.await(
        () -> {
          try {
            return names(world).equals(expected);
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        },
        "the controllers are: " + expected);
  }

  @Test
  void functionThatComesIsAttachedAndOneThatGoesIsDetached() throws Exception {
    try (EmulatedMachine _ = machine();
        Mapping memory = Mapping.anonymous(1 << 20, false);
        RpcWorld world = world()) {
      assertThat(world.call(SET, FAST).booleanValue()).isTrue();
      awaitLooks();
      assertThat(names(world)).isEmpty();

      present.add(address(4));
      awaitNames(world, "HotInNvme0");
      present.add(address(5));
      awaitNames(world, "HotInNvme0 HotInNvme1");
      DiskUser user = world.user("HotInNvme0n1", memory);

      present.remove(address(4));
      assertThat(user.removed.get(RpcWorld.SECONDS, TimeUnit.SECONDS)).isEqualTo("HotInNvme0n1");
      user.close();
      awaitNames(world, "HotInNvme1");
      present.add(address(4));
      awaitNames(world, "HotInNvme1 HotInNvme2");

      RpcWorld.await(() -> configurationOf(world).contains("HotInNvme2"), "it is recorded");
      assertThat(configurationOf(world))
          .isEqualTo(
              attached(1, address(5))
                  + attached(2, address(4))
                  + SET
                  + "{\"enable\":true,\"period_us\":1000}\n"); // last, or it would take them first
      world.call(SET, "{'enable': false}");
      assertThat(configurationOf(world)).doesNotContain(SET);
    }
  }

  @Test
  void functionThatTheOperatorTookOrGaveBackIsLeftAlone() throws Exception {
    try (EmulatedMachine _ = machine();
        RpcWorld world = world()) {
      world.call(
          "bdev_nvme_attach_controller",
          "{'name': 'HotInNvme0', 'trtype': 'PCIe', 'traddr': '%s'}",
          address(4));
      present.add(address(4));
      world.call(SET, FAST);
      awaitLooks();
      assertThat(names(world)).isEqualTo("HotInNvme0");

      present.add(address(5));
      awaitNames(world, "HotInNvme0 HotInNvme1");
      world.call("bdev_nvme_detach_controller", "{'name': 'HotInNvme0'}");
      awaitLooks();
      assertThat(names(world)).isEqualTo("HotInNvme1");
    }
  }

  @Test
  void functionThatCannotBeOpenedIsTriedOnce() throws Exception {
    AtomicInteger opened = new AtomicInteger();
    RpcWorld failing =
        new RpcWorld(
                address -> {
                  opened.incrementAndGet();
                  throw new IOException(address + " is in use by another program");
                },
                this::look)
            .running();
    try (RpcWorld world = failing) {
      present.add("01:00.0");
      world.call(SET, FAST);
      RpcWorld.await(() -> opened.get() > 0, "it is tried");
      awaitLooks();
      assertThat(opened).hasValue(1);

      present.clear();
      awaitLooks();
      present.add("0000:01:00.0");
      RpcWorld.await(() -> opened.get() > 1, "it is tried again");
      assertThat(names(world)).isEmpty();
    }
  }

  @Test
  void lookThatFailsTakesNothingAway() throws Exception {
    try (EmulatedMachine _ = machine();
        RpcWorld world = world()) {
      present.add(address(4));
      world.call(SET, FAST);
      awaitNames(world, "HotInNvme0");

      broken = true;
      awaitLooks();
      assertThat(names(world)).isEqualTo("HotInNvme0");
      present.add(address(5));
      broken = false;
      awaitNames(world, "HotInNvme0 HotInNvme1");
    }
  }

  @Test
  void nobodyLooksUnlessAsked() throws Exception {
    try (RpcWorld world = world()) {
      assertThat(world.call(SET, "{'enable': false, 'period_us': 100000}").booleanValue()).isTrue();
      assertThat(looks).hasValue(0);
      world.call(SET, FAST);
      awaitLooks();

      world.call(SET, "{'enable': false}");
      int before = looks.get();
      present.add("01:00.0");
      assertThat(names(world)).isEmpty();
      assertThat(looks.get()).isLessThanOrEqualTo(before + 1);
    }
  }

  @Test
  void wrongParametersAreAnsweredAsSpdkDoes() throws Exception {
    try (RpcWorld world = world()) {
      for (String params : new String[] {"{}", "{'enable': 1}", "{'enable': true, 'period': 1}"}) {
        RpcException refused = world.refusal(SET, params);
        assertThat(refused.code()).isEqualTo(-32602);
        assertThat(refused.error()).isEqualTo("Invalid argument");
      }
    }
  }
}
