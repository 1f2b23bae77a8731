package io.millrace.bdev.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code bdev_set_qos_limit}, as SPDK's rpc.py calls it. */
class QosMethodsTest {
  private static final String UUID = "123e4567-e89b-42d3-a456-426614174000";

  private final JsonMapper json = new JsonMapper();
  private final Reactor control = Reactor.stepped("control");
  private final BdevRegistry bdevs = new BdevRegistry();
  private final MethodRegistry methods = new MethodRegistry();

  @BeforeEach
  void makeDisk() {
    BdevMethods.addTo(methods, bdevs, control);
    methods.enterRuntime();
    call(
        "bdev_null_create",
        "{'name':'N','block_size':512,'num_blocks':2048,'uuid':'" + UUID + "'}");
  }

  @AfterEach
  void close() {
    control.close();
  }

  private String limits() {
    return call("bdev_get_bdevs", "{'name':'N'}")
        .at("/0/assigned_rate_limits")
        .toString()
        .replace('"', '\'');
  }

  /** What a saved configuration has for limits: the parameters of the call, or nothing. */
  private String saved() {
    return methods
        .configuration()
        .find("bdev/N/qos")
        .map(Configuration.Entry::params)
        .map(params -> params.toString().replace('"', '\''))
        .orElse("nothing");
  }

  @Test
  void limitsThatAreNotNamedStayAndAllAreShown() {
    call("bdev_set_qos_limit", "{'name':'N','rw_ios_per_sec':1500,'r_mbytes_per_sec':3}");
    assertThat(call("bdev_set_qos_limit", "{'name':'N','rw_mbytes_per_sec':100}").booleanValue())
        .isTrue();

    assertThat(limits())
        .isEqualTo(
            "{'rw_ios_per_sec':1500,'rw_mbytes_per_sec':100,"
                + "'r_mbytes_per_sec':3,'w_mbytes_per_sec':0}");
    assertThat(saved())
        .isEqualTo(
            "{'name':'N','rw_ios_per_sec':1500,'rw_mbytes_per_sec':100,'r_mbytes_per_sec':3}");
  }

  @Test
  void aBdevIsFoundByItsUuidAndSavedByItsName() {
    call("bdev_set_qos_limit", "{'name':'" + UUID + "','w_mbytes_per_sec':1,'burst_ms':250}");

    assertThat(saved()).isEqualTo("{'name':'N','w_mbytes_per_sec':1,'burst_ms':250}");
  }

  @Test
  void zeroRemovesALimitAndTheLastOneTheEntry() {
    call("bdev_set_qos_limit", "{'name':'N','rw_ios_per_sec':1500,'w_mbytes_per_sec':3}");
    call("bdev_set_qos_limit", "{'name':'N','rw_ios_per_sec':0}");
    assertThat(saved()).isEqualTo("{'name':'N','w_mbytes_per_sec':3}");

    call("bdev_set_qos_limit", "{'name':'N','w_mbytes_per_sec':0}");

    assertThat(saved()).isEqualTo("nothing");
    assertThat(limits()).doesNotContain("3");
  }

  @Test
  void theBurstOfRemovedLimitsIsForgotten() {
    call("bdev_set_qos_limit", "{'name':'N','rw_ios_per_sec':10,'burst_ms':7}");
    call("bdev_set_qos_limit", "{'name':'N','burst_ms':8}");
    assertThat(saved()).isEqualTo("{'name':'N','rw_ios_per_sec':10,'burst_ms':8}");

    call("bdev_set_qos_limit", "{'name':'N','rw_ios_per_sec':0}");
    call("bdev_set_qos_limit", "{'name':'N','rw_ios_per_sec':10}");

    assertThat(saved()).isEqualTo("{'name':'N','rw_ios_per_sec':10}");
  }

  @Test
  void limitsGoWithTheirBdevAndStayWhenItGrows() {
    call("bdev_set_qos_limit", "{'name':'N','rw_ios_per_sec':10}");
    call("bdev_null_resize", "{'name':'N','new_size':3}");
    assertThat(limits()).contains("'rw_ios_per_sec':10");

    call("bdev_null_delete", "{'name':'N'}");
    assertThat(saved()).isEqualTo("nothing");
    call("bdev_null_create", "{'name':'N','block_size':512,'num_blocks':8}");

    assertThat(limits()).contains("'rw_ios_per_sec':0");
  }

  @Test
  void aBdevThatIsBeingRemovedTakesNoLimit() throws Exception {
    BdevDescriptor user = bdevs.open("N", false, new Indifferent());
    CompletableFuture<JsonNode> deleted = start("bdev_null_delete", "{'name':'N'}");

    RpcException error = error("bdev_set_qos_limit", "{'name':'N','rw_ios_per_sec':10}");

    assertThat(error.code()).isEqualTo(-19);
    assertThat(error.detail()).isEqualTo("bdev N is being removed");
    user.close();
    assertThat(deleted).isCompleted();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'name':'None','rw_ios_per_sec':1}|-19|No such device|there is no bdev None",
        "{'name':'N'}|-22|No rate limits specified|bdev N: give one of rw_ios_per_sec",
        "{'rw_ios_per_sec':1}|-32603|spdk_json_decode_object failed|name",
        "{'name':'N','rw_ios_per_sec':-1}|-32603|spdk_json_decode_object failed|rw_ios_per_sec",
        "{'name':'N','rw_ios_per_sec':1000000001}|-32603|spdk_json_decode_object failed"
            + "|from 0 to 1000000000",
        "{'name':'N','w_mbytes_per_sec':65537}|-32603|spdk_json_decode_object failed"
            + "|from 0 to 65536",
        "{'name':'N','rw_ios_per_sec':1,'burst_ms':0}|-32603|spdk_json_decode_object failed"
            + "|from 1 to 3600000",
      })
  void aWrongCallIsRefusedWithSpdksCodeAndChangesNothing(
      String params, int code, String message, String detail) {
    RpcException error = error("bdev_set_qos_limit", params);

    assertThat(error.code()).isEqualTo(code);
    assertThat(error.error()).isEqualTo(message);
    assertThat(error.detail()).contains(detail);
    assertThat(saved()).isEqualTo("nothing");
  }

  private CompletableFuture<JsonNode> start(String method, String params) {
    CompletableFuture<JsonNode> answer =
        methods.call(method, json.readTree(params.replace('\'', '"'))).toCompletableFuture();
    control.runOnce(0);
    return answer;
  }

  private JsonNode call(String method, String params) {
    CompletableFuture<JsonNode> answer = start(method, params);
    assertThat(answer).isDone();
    return answer.join();
  }

  private RpcException error(String method, String params) {
    Throwable failure = catchThrowable(() -> call(method, params));
    assertThat(failure).isInstanceOf(CompletionException.class);
    return (RpcException) failure.getCause();
  }

  private static final class Indifferent implements BdevListener {
    @Override
    public void removed() {}

    @Override
    public void resized() {}
  }
}
