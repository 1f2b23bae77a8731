package io.millrace.bdev.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevLimits;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevProperties;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoType;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class BdevMethodsTest {
  private static final String UUID = "123e4567-e89b-42d3-a456-426614174000";

  private final JsonMapper json = new JsonMapper();
  private final Reactor control = Reactor.stepped("control");
  private final BdevRegistry bdevs = new BdevRegistry();
  private final MethodRegistry methods = new MethodRegistry();

  @BeforeEach
  void addMethods() {
    BdevMethods.addTo(methods, bdevs, control);
    methods.enterRuntime();
  }

  @AfterEach
  void close() {
    control.close();
  }

  @Test
  void bdevIsDescribedInSpdksShape() {
    call("bdev_null_create", "{'name':'N','block_size':512,'num_blocks':8,'uuid':'" + UUID + "'}");

    assertThat(call("bdev_get_bdevs", "{'name':'" + UUID + "'}").toString())
        .isEqualTo(
            json.readTree(
                    quoted(
                        """
                        [{'name':'N','aliases':['123e4567-e89b-42d3-a456-426614174000'],
                          'product_name':'Null disk','block_size':512,'num_blocks':8,
                          'preferred_write_alignment':0,'preferred_write_granularity':0,
                          'optimal_write_size':0,'preferred_unmap_alignment':0,
                          'preferred_unmap_granularity':0,
                          'uuid':'123e4567-e89b-42d3-a456-426614174000',
                          'assigned_rate_limits':{'rw_ios_per_sec':0,'rw_mbytes_per_sec':0,
                            'r_mbytes_per_sec':0,'w_mbytes_per_sec':0},
                          'claimed':false,'zoned':false,
                          'supported_io_types':{'read':true,'write':true,'unmap':true,'flush':true,
                            'reset':false,'nvme_admin':false,'nvme_io':false,'nvme_io_md':false,
                            'write_zeroes':true,'zcopy':false,'get_zone_info':false,
                            'zone_management':false,'zone_append':false,'compare':false,
                            'compare_and_write':false,'abort':false,'seek_hole':false,
                            'seek_data':false,'copy':false,'nvme_iov_md':false,'nvme_nssr':false,
                            'write_uncorrectable':false},
                          'driver_specific':{}}]
                        """))
                .toString());
  }

  @Test
  void claimIsShown() throws Exception {
    call("bdev_null_create", "{'name':'N','block_size':512,'num_blocks':8}");
    BdevDescriptor opening = bdevs.open("N", true, new Indifferent());
    bdevs.claim(opening, "split");

    JsonNode shown = call("bdev_get_bdevs", null).get(0);

    assertThat(shown.get("claimed").booleanValue()).isTrue();
    assertThat(shown.get("claim_type").stringValue()).isEqualTo("exclusive_write");
  }

  @Test
  void detailsOfAKindAreShownAsTheyAreNested() throws Exception {
    bdevs.register(new Nested());

    assertThat(call("bdev_get_bdevs", "{'name':'X'}").at("/0/driver_specific").toString())
        .isEqualTo(quoted("{'kind':[{'bytes':0,'ok':true,'of':{'name':'x'}},2]}"));
  }

  @Test
  void mallocDisksAreNumberedAroundTakenNames() {
    call("bdev_malloc_create", "{'name':'Malloc1','block_size':4096,'num_blocks':8}");

    assertThat(call("bdev_malloc_create", "{'block_size':512,'num_blocks':8}").stringValue())
        .isEqualTo("Malloc0");
    assertThat(call("bdev_malloc_create", "{'block_size':512,'num_blocks':8}").stringValue())
        .isEqualTo("Malloc2");
    assertThat(call("bdev_get_bdevs", null).size()).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "bdev_null_create|{'name':'N','block_size':500,'num_blocks':8}|-22|Invalid argument"
            + "|block_size 500 is not a power of two",
        "bdev_null_create|{'name':'N','block_size':0,'num_blocks':8}|-22|Invalid argument|block_size 0",
        "bdev_null_create|{'name':'N','block_size':512,'num_blocks':0}|-22|Invalid argument"
            + "|impossible number of blocks 0",
        "bdev_null_create|{'name':'N','block_size':4096,'num_blocks':8,'physical_block_size':512}"
            + "|-22|Invalid argument|physical block size 512",
        "bdev_null_create|{'name':'Taken','block_size':512,'num_blocks':8}|-17|File exists|Taken",
        "bdev_malloc_create|{'name':'Taken','block_size':512,'num_blocks':8}|-17|File exists|Taken",
        "bdev_null_create|{'name':'N\\nM','block_size':512,'num_blocks':8}|-22|Invalid argument"
            + "|a bdev's name has 1 to 255 characters, none of them a control character",
        "bdev_aio_create|{'name':'N\\tM','filename':'/none.img'}|-22|Invalid argument|control",
        "bdev_passthru_create|{'name':'N\\u2028','base_bdev_name':'None'}|-22|Invalid argument"
            + "|control character",
        "bdev_passthru_create|{'name':'N','base_bdev_name':'None\\r'}|-22|Invalid argument|control",
        "bdev_null_create|{'name':'','block_size':512,'num_blocks':8}|-32603"
            + "|spdk_json_decode_object failed|parameter name (its name) must not be empty",
        "bdev_null_create|{'name':'N','block_size':512}|-32603|spdk_json_decode_object failed"
            + "|num_blocks",
        "bdev_null_create|{'name':'N','block_size':512,'num_blocks':8,'md_size':8}|-32603"
            + "|spdk_json_decode_object failed|not supported",
        "bdev_aio_create|{'name':'F','filename':'/none.img'}|-2|No such file or directory|/none.img",
        "bdev_aio_create|{'name':'F','filename':'/'}|-22|Invalid argument|neither an image",
        "bdev_aio_create|{'name':'F','filename':'/x','format':'qcow2'}|-32603"
            + "|spdk_json_decode_object failed|must be one of raw",
        "bdev_aio_delete|{'name':'Taken'}|-19|No such device|Taken is of another kind (Null disk)",
        "bdev_null_delete|{'name':'None'}|-19|No such device|there is no bdev None",
        "bdev_aio_rescan|{'name':'None'}|-19|No such device|there is no bdev None",
        "bdev_aio_rescan|{'name':'Taken'}|-19|No such device|Taken is of another kind (Null disk)",
        "bdev_aio_rescan|{}|-32603|spdk_json_decode_object failed|name",
        "bdev_uring_rescan|{'name':'Taken'}|-19|No such device|Taken is of another kind (Null disk)",
        "bdev_uring_rescan|{}|-32603|spdk_json_decode_object failed|name",
        "bdev_null_resize|{'name':'None','new_size':1}|-19|No such device|there is no bdev None",
        "bdev_null_resize|{'name':'Taken','new_size':0}|-22|Invalid argument|only grows",
        "bdev_null_resize|{'name':'Taken','new_size':8796093022208}|-22|Invalid argument|so large",
        "bdev_null_resize|{'name':'Taken'}|-32603|spdk_json_decode_object failed|new_size",
        "bdev_malloc_delete|{'name':'Taken'}|-19|No such device|Taken is of another kind (Null disk)",
        "bdev_get_bdevs|{'name':'None'}|-19|No such device|there is no bdev None",
        "bdev_get_bdevs|{'nam':'None'}|-32603|spdk_json_decode_object failed|unknown parameter nam",
      })
  void wrongCallIsRefusedWithSpdksCode(
      String method, String params, int code, String message, String detail) {
    call("bdev_null_create", "{'name':'Taken','block_size':512,'num_blocks':8}");

    RpcException error = error(method, params);

    assertThat(error.code()).isEqualTo(code);
    assertThat(error.error()).isEqualTo(message);
    assertThat(error.detail()).contains(detail);
    assertThat(bdevs.all()).hasSize(1);
  }

  @Test
  void resizedNullDiskTellsItsOpenersOnce() throws Exception {
    call("bdev_null_create", "{'name':'N','block_size':4096,'num_blocks':256}");
    Indifferent opener = new Indifferent();
    BdevDescriptor opening = bdevs.open("N", true, opener);

    assertThat(call("bdev_null_resize", "{'name':'N','new_size':3}").booleanValue()).isTrue();
    assertThat(call("bdev_null_resize", "{'name':'N','new_size':3}").booleanValue()).isTrue();

    assertThat(call("bdev_get_bdevs", "{'name':'N'}").get(0).get("num_blocks").intValue())
        .isEqualTo(768);
    assertThat(opener.resized).isEqualTo(1);
    assertThat(error("bdev_null_resize", "{'name':'N','new_size':2}").code()).isEqualTo(-22);
    opening.close();
  }

  @ParameterizedTest
  @CsvSource({"aio, uring", "uring, aio"})
  void rescannedFileDiskTellsItsOpenersOnce(String kind, String other, @TempDir Path dir)
      throws Exception {
    Path image = Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
    String create = "bdev_%s_create".formatted(kind);
    call(create, "{'name':'F','filename':'" + image + "','block_size':512}");
    Indifferent opener = new Indifferent();
    BdevDescriptor opening = bdevs.open("F", true, opener);
    Files.write(image, new byte[3 << 20]);

    String rescan = "bdev_%s_rescan";
    assertThat(call(rescan.formatted(kind), "{'name':'F'}").booleanValue()).isTrue();
    assertThat(call(rescan.formatted(kind), "{'name':'F'}").booleanValue()).isTrue();
    assertThat(error(rescan.formatted(other), "{'name':'F'}").code()).isEqualTo(-19);

    assertThat(call("bdev_get_bdevs", "{'name':'F'}").get(0).get("num_blocks").intValue())
        .isEqualTo(6144);
    assertThat(opener.resized).isEqualTo(1);
    opening.close();
    call("bdev_%s_delete".formatted(kind), "{'name':'F'}");
  }

  @Test
  void deletedBdevIsGoneAndItsNameFree() {
    for (String kind : new String[] {"null", "malloc"}) {
      call("bdev_" + kind + "_create", "{'name':'D','block_size':512,'num_blocks':8}");

      assertThat(call("bdev_" + kind + "_delete", "{'name':'D'}").booleanValue()).isTrue();

      assertThat(bdevs.all()).isEmpty();
    }
  }

  @Test
  void fileDiskTellsItsFileAndFreesItWhenDeleted(@TempDir Path dir) throws Exception {
    Path image = Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
    String params = "{'name':'F','filename':'" + image + "'}";

    assertThat(call("bdev_aio_create", params).stringValue()).isEqualTo("F");
    JsonNode shown = call("bdev_get_bdevs", "{'name':'F'}").get(0);
    assertThat(shown.get("num_blocks").intValue()).isEqualTo(2048);
    assertThat(shown.at("/driver_specific/aio/filename").stringValue()).isEqualTo(image.toString());
    assertThat(shown.at("/driver_specific/aio/readonly").booleanValue()).isFalse();
    assertThat(error("bdev_aio_create", "{'name':'G','filename':'" + image + "'}").code())
        .isEqualTo(-16);

    call("bdev_aio_delete", "{'name':'F'}");
    String uuid = shown.get("uuid").stringValue();
    call("bdev_aio_create", params);
    assertThat(call("bdev_get_bdevs", "{'name':'F'}").get(0).get("uuid").stringValue())
        .isEqualTo(uuid);
    call("bdev_aio_delete", "{'name':'F'}");
  }

  @Test
  void deleteIsAnsweredWhenTheLastUserLetGo() throws Exception {
    call("bdev_null_create", "{'name':'N','block_size':512,'num_blocks':8}");
    BdevDescriptor opening = bdevs.open("N", false, new Indifferent());

    CompletableFuture<JsonNode> deleted = start("bdev_null_delete", "{'name':'N'}");
    assertThat(deleted).isNotDone();
    opening.close();

    assertThat(deleted).isCompleted();
  }

  @Test
  void bdevThatAppearsWithinTheTimeoutIsFound() {
    CompletableFuture<JsonNode> found = start("bdev_get_bdevs", "{'name':'N','timeout':1000}");
    control.runOnce(TimeUnit.MILLISECONDS.toNanos(500));
    assertThat(found).isNotDone();

    call("bdev_null_create", "{'name':'N','block_size':512,'num_blocks':8}");
    control.runOnce(TimeUnit.MILLISECONDS.toNanos(600));

    assertThat(found).isCompleted();
  }

  @Test
  void bdevThatDoesNotAppearIsMissingAfterTheTimeout() {
    CompletableFuture<JsonNode> found = start("bdev_get_bdevs", "{'name':'N','timeout':1000}");

    control.runOnce(TimeUnit.MILLISECONDS.toNanos(999));
    assertThat(found).isNotDone();
    control.runOnce(TimeUnit.MILLISECONDS.toNanos(1100));

    assertThat(found).isCompletedExceptionally();
  }

  private CompletableFuture<JsonNode> start(String method, String params) {
    return methods
        .call(method, params == null ? null : json.readTree(quoted(params)))
        .toCompletableFuture();
  }

  private JsonNode call(String method, String params) {
    return start(method, params).join();
  }

  private RpcException error(String method, String params) {
    Throwable failure = catchThrowable(() -> call(method, params));
    assertThat(failure).isInstanceOf(CompletionException.class);
    return (RpcException) failure.getCause();
  }

  private static String quoted(String text) {
    return text.replace('\'', '"');
  }

  private static final class Nested extends Bdev {
    Nested() {
      super(
          new BdevProperties(
              "X",
              java.util.UUID.fromString(UUID),
              "Nested disk",
              512,
              512,
              8,
              true,
              false,
              BdevLimits.NONE,
              EnumSet.of(IoType.READ)));
    }

    @Override
    public Map<String, Object> driverSpecific() {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("bytes", 0L);
      one.put("ok", true);
      one.put("of", Map.of("name", "x"));
      return Map.of("kind", List.of(one, 2));
    }

    @Override
    protected BdevChannel newChannel(Reactor reactor) {
      throw new AssertionError(reactor);
    }

    @Override
    protected void destroy() {}
  }

  private static final class Indifferent implements BdevListener {
    @Override
    public void removed() {}

    int resized;

    @Override
    public void resized() {
      resized++;
    }
  }
}
