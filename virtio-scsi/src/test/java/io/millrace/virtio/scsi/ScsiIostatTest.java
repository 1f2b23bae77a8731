package io.millrace.virtio.scsi;

import static io.millrace.virtio.scsi.ScsiCdbs.PATIENCE;
import static io.millrace.virtio.scsi.ScsiCdbs.compareAndWrite;
import static io.millrace.virtio.scsi.ScsiCdbs.put32;
import static io.millrace.virtio.scsi.ScsiCdbs.settle;
import static io.millrace.virtio.scsi.ScsiCdbs.transfer;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.initiator.load.Await;
import io.millrace.initiator.load.Logback;
import io.millrace.rpc.MethodRegistry;
import io.millrace.vhost.user.rpc.IostatMethods;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What {@code vhost_get_iostat} says of SCSI controllers. */
@Timeout(60)
class ScsiIostatTest {
  private static final long LUN = VirtioScsi.lun(0, 0);
  private static final int FIRST_REQUEST_QUEUE = 2;

  private final MethodRegistry methods = new MethodRegistry();
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final Logger logger = Logback.logger("io.millrace.vhost.user.server");
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          lines.add(event.getFormattedMessage());
        }
      };
  private ScsiHost host;
  private Path socket;

  @BeforeEach
  void open() throws Exception {
    appender.start();
    logger.addAppender(appender);
    host = new ScsiHost(1);
    socket = host.controller("vm");
    host.malloc("disk");
    IostatMethods.addTo(methods, host.all);
    methods.enterRuntime();
  }

  @AfterEach
  void close() throws Exception {
    logger.detachAppender(appender);
    host.close();
  }

  private JsonNode call(String method, ObjectNode params) throws Exception {
    return host.onControl(() -> methods.call(method, params))
        .toCompletableFuture()
        .get(ScsiHost.SECONDS, TimeUnit.SECONDS);
  }

  private static ObjectNode params() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** The counts when nothing is in flight: a driver has its answer a moment before. */
  private JsonNode atRest() throws Exception {
    JsonNode vm;
    int calls = 0;
    do {
      assertThat(calls++).as("calls that found commands in flight").isLessThan(100_000);
      vm = call("vhost_get_iostat", params().put("name", "vm")).get("controllers").get(0);
    } while (vm.get("in_flight").asLong() > 0);
    return vm;
  }

  /** An UNMAP of two ranges, 8 and 16 blocks. */
  private static byte[] unmapList() {
    byte[] list = new byte[8 + 2 * 16];
    list[3] = 2 * 16;
    put32(list, 8 + 4, 0);
    put32(list, 8 + 8, 8);
    put32(list, 8 + 16 + 4, 100);
    put32(list, 8 + 16 + 8, 16);
    return list;
  }

  @Test
  void eachKindOfCommandIsCountedWithTheBlocksThatItIsAbout() throws Exception {
    host.add("vm", 0, 0, "disk");
    try (VirtioScsiDriver driver = VirtioScsiDriver.open(socket, ScsiDriverOptions.defaults())) {
      settle(driver, LUN);
      call("vhost_get_iostat", params().put("reset", true));

      assertThat(driver.write(LUN, transfer(0x2a, 0, 4), new byte[2048], PATIENCE).isGood())
          .isTrue();
      assertThat(driver.read(LUN, transfer(0x28, 0, 2), 1024, PATIENCE).isGood()).isTrue();
      assertThat(driver.read(LUN, transfer(0x35, 0, 0), 0, PATIENCE).isGood()).isTrue();
      byte[] unmap = transfer(0x42, 0, unmapList().length);
      assertThat(driver.write(LUN, unmap, unmapList(), PATIENCE).isGood()).isTrue();
      assertThat(driver.write(LUN, transfer(0x41, 64, 32), new byte[512], PATIENCE).isGood())
          .isTrue();
      assertThat(driver.write(LUN, compareAndWrite(0, 1), new byte[1024], PATIENCE).isGood())
          .isTrue();
      assertThat(driver.read(LUN, transfer(0x28, ScsiHost.BLOCKS, 1), 512, PATIENCE).isGood())
          .isFalse();

      JsonNode vm = atRest();
      JsonNode queue = vm.get("queues").get(FIRST_REQUEST_QUEUE);
      assertThat(vm.get("bdevs").get(0).asString()).isEqualTo("disk");
      assertThat(queue.get("index").asInt()).isEqualTo(FIRST_REQUEST_QUEUE);
      assertThat(queue.get("read_ops").asLong()).isEqualTo(2);
      assertThat(queue.get("read_bytes").asLong()).isEqualTo(1024);
      assertThat(queue.get("read_errors").asLong()).isEqualTo(1);
      assertThat(queue.get("write_ops").asLong()).isEqualTo(2);
      assertThat(queue.get("write_bytes").asLong()).isEqualTo(2048 + 512);
      assertThat(queue.get("flush_ops").asLong()).isEqualTo(1);
      assertThat(queue.get("discard_ops").asLong()).isEqualTo(1);
      assertThat(queue.get("discard_bytes").asLong()).isEqualTo(24 * 512);
      assertThat(queue.get("write_zeroes_ops").asLong()).isEqualTo(1);
      assertThat(queue.get("write_zeroes_bytes").asLong()).isEqualTo(32 * 512);
      assertThat(queue.get("other_ops").asLong()).isZero();
    }
  }

  @Test
  void aSlowCommandIsReportedWithItsBlocks() throws Exception {
    host.slow("slow", "disk", 20_000);
    host.add("vm", 0, 0, "slow");
    try (VirtioScsiDriver driver = VirtioScsiDriver.open(socket, ScsiDriverOptions.defaults())) {
      settle(driver, LUN);
      call(
          "vhost_set_slow_request_threshold",
          params().put("ctrlr", "vm").put("threshold_us", 10_000));
      call("vhost_enable_histogram", params().put("ctrlr", "vm").put("enable", true));

      assertThat(driver.read(LUN, transfer(0x28, 40, 8), 4096, PATIENCE).isGood()).isTrue();

      Await.until(
          "it is reported",
          () ->
              lines.stream()
                  .anyMatch(l -> l.startsWith("vm queue 2: read of 4096 bytes at LBA 40 took ")));
      JsonNode total =
          call("vhost_get_iostat", params())
              .get("controllers")
              .get(0)
              .get("queues")
              .get(FIRST_REQUEST_QUEUE)
              .get("histogram")
              .get("total");
      assertThat(total.get("count").asLong()).isEqualTo(1);
      assertThat(total.get("p50").asLong()).isGreaterThan(20_000_000L);
    }
  }
}
