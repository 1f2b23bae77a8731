package io.millrace.bdev.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.IoType;
import io.millrace.rpc.RpcException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Histograms of disks as SPDK's tools read them. */
class HistogramMethodsTest {
  private final LayerUnderRpc layer = new LayerUnderRpc();

  HistogramMethodsTest() {
    layer.methods.enterRuntime();
    layer.addSlowDisk("D", 100);
  }

  @AfterEach
  void close() {
    layer.close();
  }

  private void enable(String more) {
    assertThat(
            layer
                .call("bdev_enable_histogram", "{'name':'D','enable':true" + more + "}")
                .booleanValue())
        .isTrue();
  }

  /** Buckets that are not empty, by their number. */
  private Map<Integer, Long> counts() {
    JsonNode told = layer.call("bdev_get_histogram", "{'name':'D'}");
    ByteBuffer buckets =
        ByteBuffer.wrap(Base64.getDecoder().decode(told.get("histogram").stringValue()))
            .order(ByteOrder.LITTLE_ENDIAN);
    Map<Integer, Long> counts = new TreeMap<>();
    for (int i = 0; buckets.hasRemaining(); i++) {
      long count = buckets.getLong();
      if (count > 0) {
        counts.put(i, count);
      }
    }
    return counts;
  }

  /** SPDK's bucket of a time at granularity 7, counted from its range 3, of 1,000 ns. */
  private static int bucket(long nanos) {
    int range = 64 - 7 - Long.numberOfLeadingZeros(nanos);
    return (range - 3) * 128 + (int) (nanos >> (range - 1) & 127);
  }

  @Test
  void requestsAreInSpdksBuckets() throws Exception {
    enable("");
    BdevChannel channel = layer.open("D");
    layer.submit(channel, IoType.READ, 0, 1);
    layer.submit(channel, IoType.WRITE, 0, 1);
    layer.pass(100);
    layer.submit(channel, IoType.READ, 0, 1);
    layer.pass(2_345);
    layer.submit(channel, IoType.UNMAP, 0, 1); // at once: shorter than any bucket

    assertThat(counts()).isEqualTo(Map.of(0, 1L, bucket(100_000), 2L, bucket(2_345_000), 1L));
    JsonNode told = layer.call("bdev_get_histogram", "{'name':'D'}");
    assertThat(told.propertyNames())
        .containsExactly("histogram", "granularity", "min_range", "max_range", "tsc_rate");
    assertThat(told.get("granularity").intValue()).isEqualTo(7);
    assertThat(told.get("min_range").intValue()).isEqualTo(3);
    assertThat(told.get("max_range").intValue()).isEqualTo(30);
    assertThat(told.get("tsc_rate").intValue()).isEqualTo(1_000_000_000);
    assertThat(Base64.getDecoder().decode(told.get("histogram").stringValue()))
        .hasSize((30 - 3 + 1) * 128 * 8);
  }

  @Test
  void onlyOneTypeOfRequestIsCountedWhereThatIsAskedFor() throws Exception {
    enable(",'opc':'write'");
    BdevChannel channel = layer.open("D");
    layer.submit(channel, IoType.READ, 0, 1);
    layer.submit(channel, IoType.WRITE, 0, 1);
    layer.pass(100);

    assertThat(counts()).isEqualTo(Map.of(bucket(100_000), 1L));
  }

  @Test
  void channelsOpenedLaterAndChannelsClosedCountAsWell() throws Exception {
    BdevDescriptor opening = layer.bdevs.open("D", true, new LayerUnderRpc.Indifferent());
    BdevChannel before = opening.openChannel(layer.reactor);
    enable(",'granularity':5,'max_nsec':1000000000");
    layer.submit(before, IoType.READ, 0, 1);
    layer.pass(100);
    opening.closeChannel(before);
    BdevChannel after = opening.openChannel(layer.reactor);
    layer.submit(after, IoType.READ, 0, 1);
    layer.pass(100);

    assertThat(counts().values()).containsExactly(2L);
  }

  @Test
  void countsGoOnUnlessAnotherHistogramIsAskedFor() throws Exception {
    enable("");
    BdevChannel channel = layer.open("D");
    layer.submit(channel, IoType.READ, 0, 1);
    layer.pass(100);

    enable("");
    assertThat(counts()).hasSize(1);
    enable(",'granularity':6");
    assertThat(counts()).isEmpty();
    layer.submit(channel, IoType.READ, 0, 1);
    layer.pass(100);
    assertThat(counts()).hasSize(1);
  }

  @Test
  void bordersTellHowManyRequestsTookAtMostSoLong() throws Exception {
    enable("");
    BdevChannel channel = layer.open("D");
    for (int micros : new int[] {100, 100, 1_000, 5_000}) {
      layer.submit(channel, IoType.READ, 0, 1);
      layer.pass(micros);
    }

    JsonNode told =
        layer.call(
            "bdev_get_histogram_borders",
            "{'name':'D','borders':[50,200,2000,9223372036854775807]}");

    assertThat(told.toString()).isEqualTo("{\"borders_count\":[0,2,3,4,4]}");
    assertThat(layer.call("bdev_get_histogram_borders", "{'name':'D','borders':[]}"))
        .hasToString(layer.call("bdev_get_histogram", "{'name':'D'}").toString());
  }

  @Test
  void aHistogramThatIsOffIsABadAddressAsInSpdk() {
    enable("");
    layer.call("bdev_enable_histogram", "{'name':'D','enable':false}");

    RpcException error = layer.error("bdev_get_histogram", "{'name':'D'}");

    assertThat(error.code()).isEqualTo(-32603);
    assertThat(error.error()).isEqualTo("Bad address");
    assertThat(error.detail()).isEqualTo("bdev D keeps no histogram; call bdev_enable_histogram");
  }

  @Test
  void itIsKeptWithTheConfigurationInFull() {
    enable(",'opc':'read','granularity':9");

    assertThat(layer.methods.configuration().find("bdev/D/histogram").orElseThrow().params())
        .hasToString(
            layer.json("{'name':'D','enable':true,'opc':'read','granularity':9}").toString());
    layer.call("bdev_enable_histogram", "{'name':'D','enable':false}");
    assertThat(layer.methods.configuration().find("bdev/D/histogram")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "bdev_enable_histogram|{'name':'X','enable':true}|-19|No such device",
        "bdev_enable_histogram|{'name':'D'}|-32603|spdk_json_decode_object failed",
        "bdev_enable_histogram|{'name':'D','enable':true,'opc':'x'}|-32603|Invalid Io type",
        "bdev_enable_histogram|{'name':'D','enable':true,'granularity':15}|-32603"
            + "|spdk_json_decode_object failed",
        "bdev_enable_histogram|{'name':'D','enable':true,'min_nsec':5,'max_nsec':5}|-22"
            + "|Invalid argument",
        "bdev_get_histogram|{'name':'X'}|-19|No such device",
        "bdev_get_histogram_borders|{'name':'X','borders':[1]}|-19|No such device",
        "bdev_get_histogram_borders|{'name':'D','borders':[-1]}|-32603"
            + "|spdk_json_decode_object failed",
        "bdev_get_histogram_borders|{'name':'D','borders':1}|-32603"
            + "|spdk_json_decode_object failed",
      })
  void aWrongCallIsRefused(String method, String params, int code, String message) {
    RpcException error = layer.error(method, params);

    assertThat(error.code()).isEqualTo(code);
    assertThat(error.error()).isEqualTo(message);
  }
}
