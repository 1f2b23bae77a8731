package io.millrace.bdev.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.IoType;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.RpcException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Statistics of disks as an operator of SPDK reads and resets them. */
class IostatMethodsTest {
  private final LayerUnderRpc layer = new LayerUnderRpc();

  IostatMethodsTest() {
    layer.methods.enterRuntime();
  }

  @AfterEach
  void close() {
    layer.close();
  }

  private JsonNode iostat(String name) {
    return layer.call("bdev_get_iostat", "{'names':['" + name + "']}").at("/bdevs/0");
  }

  /** Two reads of 100 and 300 microseconds, a write of 100, and an unmap that takes no time. */
  private BdevChannel busyDisk(String name) throws Exception {
    layer.addSlowDisk(name, 100);
    BdevChannel channel = layer.open(name);
    layer.submit(channel, IoType.READ, 0, 2);
    layer.submit(channel, IoType.WRITE, 8, 1);
    layer.pass(100);
    layer.submit(channel, IoType.READ, 0, 1);
    layer.submit(channel, IoType.UNMAP, 0, 8);
    layer.pass(300);
    layer.submit(channel, IoType.FLUSH, 0, 0);
    return channel;
  }

  @Test
  void everyFieldOfSpdksIsThereInItsOrder() throws Exception {
    busyDisk("D");

    assertThat(layer.call("bdev_get_iostat", "{'names':['D']}").toString())
        .isEqualTo(
            layer
                .json(
                    """
                    {'tick_rate':1000000000,'ticks':1400000,'bdevs':[{'name':'D',
                    'bytes_read':1536,'num_read_ops':2,'bytes_written':512,'num_write_ops':1,
                    'bytes_unmapped':4096,'num_unmap_ops':1,'bytes_copied':0,'num_copy_ops':0,
                    'read_latency_ticks':400000,'max_read_latency_ticks':300000,
                    'min_read_latency_ticks':100000,'write_latency_ticks':100000,
                    'max_write_latency_ticks':100000,'min_write_latency_ticks':100000,
                    'unmap_latency_ticks':0,'max_unmap_latency_ticks':0,
                    'min_unmap_latency_ticks':0,'copy_latency_ticks':0,
                    'max_copy_latency_ticks':0,'min_copy_latency_ticks':0,'io_error':{}}]}
                    """)
                .toString());
  }

  @Test
  void withoutNamesAllDisksAreTold() {
    layer.addSlowDisk("D", 1);
    layer.addSlowDisk("E", 1);

    assertThat(layer.call("bdev_get_iostat", null).at("/bdevs").valueStream())
        .extracting(one -> one.get("name").stringValue())
        .containsExactly("Dm", "D", "Em", "E");
    assertThat(layer.call("bdev_get_iostat", "{'names':[]}").at("/bdevs").size()).isZero();
  }

  @Test
  void aResetThatIsAskedForHappensAfterTheCountsWereRead() throws Exception {
    BdevChannel channel = busyDisk("D");

    JsonNode read =
        layer.call("bdev_get_iostat", "{'names':['D'],'reset_mode':'all'}").at("/bdevs/0");
    layer.submit(channel, IoType.READ, 0, 4);
    layer.pass(200);

    assertThat(read.get("num_read_ops").intValue()).isEqualTo(2);
    JsonNode after = iostat("D");
    assertThat(after.get("num_read_ops").intValue()).isEqualTo(1);
    assertThat(after.get("bytes_read").intValue()).isEqualTo(2048);
    assertThat(after.get("read_latency_ticks").intValue()).isEqualTo(200_000);
    assertThat(after.get("min_read_latency_ticks").intValue()).isEqualTo(200_000);
    assertThat(after.get("max_read_latency_ticks").intValue()).isEqualTo(200_000);
    assertThat(after.get("num_write_ops").intValue()).isZero();
    assertThat(after.get("max_write_latency_ticks").intValue()).isZero();
  }

  @Test
  void whatScsiAndMetricsCountIsNotReset() throws Exception {
    busyDisk("D");

    layer.call("bdev_reset_iostat", null);

    assertThat(iostat("D").get("num_read_ops").intValue()).isZero();
    assertThat(layer.bdevs.get("D").statistics().operations(IoType.READ)).isEqualTo(2);
  }

  @Test
  void maxminResetsTheExtremesOnly() throws Exception {
    BdevChannel channel = busyDisk("D");

    assertThat(layer.call("bdev_reset_iostat", "{'name':'D','mode':'maxmin'}").booleanValue())
        .isTrue();
    assertThat(iostat("D").get("max_read_latency_ticks").intValue()).isZero();
    layer.submit(channel, IoType.READ, 0, 1);
    layer.pass(150);

    assertThat(iostat("D").get("num_read_ops").intValue()).isEqualTo(3);
    assertThat(iostat("D").get("max_read_latency_ticks").intValue()).isEqualTo(150_000);
    assertThat(iostat("D").get("min_read_latency_ticks").intValue()).isEqualTo(150_000);
  }

  @Test
  void failuresAreToldByNameAndResetByTheirOwnMode() throws Exception {
    layer.addSlowDisk("D", 100);
    layer.call("bdev_error_create", "{'base_name':'D'}");
    layer.call(
        "bdev_error_inject_error",
        "{'name':'EE_D','io_type':'read','error_type':'failure','num':2}");
    BdevChannel channel = layer.open("EE_D");
    for (int i = 0; i < 3; i++) {
      layer.submit(channel, IoType.READ, 0, 1);
    }
    layer.submit(channel, IoType.READ, 1 << 20, 1); // beyond the end: no failure of the disk
    layer.pass(100);

    assertThat(iostat("EE_D").get("io_error").toString()).isEqualTo("{\"failed\":2}");
    layer.call("bdev_reset_iostat", "{'name':'EE_D','mode':'error'}");
    assertThat(iostat("EE_D").get("io_error").toString()).isEqualTo("{}");
    assertThat(iostat("EE_D").get("num_read_ops").intValue()).isEqualTo(1);
  }

  @Test
  void resetWithModeNoneDoesNothingWhateverTheName() throws Exception {
    busyDisk("D");

    assertThat(layer.call("bdev_reset_iostat", "{'mode':'none'}").booleanValue()).isTrue();
    assertThat(layer.call("bdev_reset_iostat", "{'name':'X','mode':'none'}").booleanValue())
        .isTrue();
    assertThat(iostat("D").get("num_read_ops").intValue()).isEqualTo(2);
  }

  @Test
  void aChannelThatClosesLeavesItsCountsAndAResetTakesThose() throws Exception {
    layer.addSlowDisk("D", 100);
    BdevDescriptor opening = layer.bdevs.open("D", true, new LayerUnderRpc.Indifferent());
    BdevChannel channel = opening.openChannel(layer.reactor);
    layer.submit(channel, IoType.READ, 0, 1);
    layer.pass(100);
    layer.call("bdev_reset_iostat", "{'mode':'all'}");
    layer.submit(channel, IoType.READ, 0, 1);
    layer.pass(100);
    opening.closeChannel(channel);

    assertThat(iostat("D").get("num_read_ops").intValue()).isEqualTo(1);
    layer.call("bdev_reset_iostat", "{'name':'D'}");
    assertThat(iostat("D").get("num_read_ops").intValue()).isZero();
  }

  @Test
  void channelsAreToldByTheThreadThatHasThem() throws Exception {
    busyDisk("D");
    BdevDescriptor opening = layer.bdevs.open("D", true, new LayerUnderRpc.Indifferent());
    try (Reactor other = Reactor.start("other", -1)) {
      CompletableFuture<BdevChannel> opened = new CompletableFuture<>();
      other.execute(() -> {
        try {
          opened.complete(opening.openChannel(other));
        } catch (Exception e) {
          opened.completeExceptionally(e);
        }
      });
      opened.join();

      JsonNode told = layer.call("bdev_get_iostat", "{'names':['D'],'per_channel':true}");

      assertThat(told.propertyNames()).containsExactly("tick_rate", "ticks", "name", "channels");
      assertThat(told.at("/channels/0/thread_id").longValue()).isEqualTo(layer.reactor.threadId());
      assertThat(told.at("/channels/0/num_read_ops").intValue()).isEqualTo(2);
      assertThat(told.at("/channels/1/thread_id").longValue()).isEqualTo(other.threadId());
      assertThat(told.at("/channels/1/num_read_ops").intValue()).isZero();
      assertThat(told.at("/channels/1/io_error").toString()).isEqualTo("{}");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "bdev_get_iostat|{'names':['X']}|-19|No such device",
        "bdev_get_iostat|{'per_channel':true}|-22|Invalid argument",
        "bdev_get_iostat|{'per_channel':true,'names':['D','Dm']}|-22|Invalid argument",
        "bdev_get_iostat|{'name':'D'}|-32603|spdk_json_decode_object failed",
        "bdev_get_iostat|{'reset_mode':'some'}|-32603|spdk_json_decode_object failed",
        "bdev_reset_iostat|{'name':'X'}|-19|No such device",
        "bdev_reset_iostat|{'mode':'some'}|-32603|spdk_json_decode_object failed",
        "bdev_set_qd_sampling_period|{'name':'X','period':1}|-19|No such device",
        "bdev_set_qd_sampling_period|{'name':'D'}|-32603|spdk_json_decode_object failed",
      })
  void aWrongCallIsRefusedAsSpdkRefusesIt(String method, String params, int code, String message) {
    layer.addSlowDisk("D", 100);

    RpcException error = layer.error(method, params);

    assertThat(error.code()).isEqualTo(code);
    assertThat(error.error()).isEqualTo(message);
  }

  @Test
  void aQueueThatIsSampledIsToldInIostat() throws Exception {
    layer.addSlowDisk("D", 10_000);
    BdevChannel channel = layer.open("D");
    assertThat(iostat("D").has("queue_depth")).isFalse();
    layer.call("bdev_set_qd_sampling_period", "{'name':'D','period':2000}");

    layer.pass(2_000); // nothing in flight
    layer.submit(channel, IoType.READ, 0, 1);
    layer.submit(channel, IoType.READ, 0, 1);
    layer.submit(channel, IoType.READ, 0, 1);
    layer.pass(2_000);
    layer.pass(2_000);

    JsonNode told = iostat("D");
    assertThat(told.get("queue_depth_polling_period").intValue()).isEqualTo(2000);
    assertThat(told.get("queue_depth").intValue()).isEqualTo(3);
    assertThat(told.get("io_time").intValue()).isEqualTo(4_000);
    assertThat(told.get("weighted_io_time").intValue()).isEqualTo(12_000);
    layer.call("bdev_set_qd_sampling_period", "{'name':'D','period':0}");
    assertThat(iostat("D").has("queue_depth")).isFalse();
  }

  @Test
  void samplingIsKeptWithTheConfigurationAndEndsWithTheDisk() {
    layer.addSlowDisk("D", 100);
    String id =
        layer.bdevs.all().stream()
            .filter(b -> b.name().equals("D"))
            .findAny()
            .orElseThrow()
            .properties()
            .uuid()
            .toString();

    layer.call("bdev_set_qd_sampling_period", "{'name':'" + id + "','period':1000}");

    assertThat(layer.methods.configuration().find("bdev/D/queue_depth").orElseThrow().params())
        .hasToString(layer.json("{'name':'D','period':1000}").toString());
    layer.call("bdev_set_qd_sampling_period", "{'name':'D','period':0}");
    assertThat(layer.methods.configuration().find("bdev/D/queue_depth")).isEmpty();
    layer.call("bdev_set_qd_sampling_period", "{'name':'D','period':1000}");
    layer.call("bdev_delay_delete", "{'name':'D'}");
    layer.addSlowDisk("Other", 1);
    layer.pass(5_000);
    assertThat(iostat("Other").has("queue_depth")).isFalse();
  }
}
