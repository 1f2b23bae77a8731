package io.millrace.bdev.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevRegistry;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.Configuration;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcException;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Passthru, delay, error and split in SPDK's words. */
class StackedMethodsTest {
  private static final String LATENCIES =
      "'avg_read_latency':10,'p99_read_latency':20,'avg_write_latency':30,'p99_write_latency':40";

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

  private JsonNode call(String method, String params) {
    return methods
        .call(method, json.readTree(params.replace('\'', '"')))
        .toCompletableFuture()
        .join();
  }

  private RpcException error(String method, String params) {
    Throwable failure = catchThrowable(() -> call(method, params));
    assertThat(failure).isInstanceOf(CompletionException.class);
    return (RpcException) failure.getCause();
  }

  private void makeNull(String name) {
    call("bdev_null_create", "{'name':'" + name + "','block_size':512,'num_blocks':4096}");
  }

  private List<String> names() {
    return bdevs.all().stream().map(Bdev::name).toList();
  }

  private String driverSpecific(String name) {
    return call("bdev_get_bdevs", "{'name':'" + name + "'}")
        .get(0)
        .get("driver_specific")
        .toString()
        .replace('"', '\'');
  }

  @Test
  void eachKindAnswersAndShowsItselfInSpdksShape() throws Exception {
    makeNull("N");

    assertThat(call("bdev_passthru_create", "{'base_bdev_name':'N','name':'P'}").stringValue())
        .isEqualTo("P");
    assertThat(
            call("bdev_delay_create", "{'base_bdev_name':'P','name':'D'," + LATENCIES + "}")
                .stringValue())
        .isEqualTo("D");
    assertThat(call("bdev_error_create", "{'base_name':'D'}").booleanValue()).isTrue();
    assertThat(
            call("bdev_split_create", "{'base_bdev':'EE_D','split_count':2,'split_size_mb':1}")
                .toString())
        .isEqualTo("[\"EE_Dp0\",\"EE_Dp1\"]");

    assertThat(driverSpecific("P")).isEqualTo("{'passthru':{'name':'P','base_bdev_name':'N'}}");
    String uuid = bdevs.get("D").properties().uuid().toString();
    assertThat(driverSpecific("D"))
        .isEqualTo(
            "{'delay':{'name':'D','base_bdev_name':'P','uuid':'" + uuid + "'," + LATENCIES + "}}");
    assertThat(driverSpecific("EE_D")).isEqualTo("{'error_disk':{'base_bdev':'D'}}");
    assertThat(driverSpecific("EE_Dp1"))
        .isEqualTo("{'split':{'base_bdev':'EE_D','offset_blocks':2048}}");
    assertThat(bdevs.all())
        .extracting(bdev -> bdev.properties().productName())
        .containsExactly(
            "Null disk", "passthru", "delay", "Error Injection Disk", "Split Disk", "Split Disk");
    JsonNode below = call("bdev_get_bdevs", "{'name':'N'}").get(0);
    assertThat(below.get("claimed").booleanValue()).isTrue();
    assertThat(below.get("claim_type").stringValue()).isEqualTo("exclusive_write");
  }

  @Test
  void deletingTheBaseDeletesAllThatStandsOnIt() {
    makeNull("N");
    call("bdev_passthru_create", "{'base_bdev_name':'N','name':'P'}");
    call("bdev_split_create", "{'base_bdev':'P','split_count':2}");

    assertThat(call("bdev_null_delete", "{'name':'N'}").booleanValue()).isTrue();

    assertThat(names()).isEmpty();
  }

  @Test
  void whatFindsItsBaseTakenWhenThatComesIsForgottenHereAsAfterARestart() {
    call("bdev_passthru_create", "{'base_bdev_name':'N','name':'P'}");
    call("bdev_passthru_create", "{'base_bdev_name':'N','name':'Q'}");
    makeNull("N");
    assertThat(names()).containsExactly("N", "P");

    call("bdev_passthru_delete", "{'name':'P'}");

    assertThat(methods.configuration().entries())
        .extracting(Configuration.Entry::method)
        .containsExactly("bdev_null_create");
    call("bdev_passthru_create", "{'base_bdev_name':'N','name':'Q'}");
    assertThat(names()).containsExactly("N", "Q");
  }

  @Test
  void everyKindWaitsForItsBaseAndIsStackedWhenItComes() {
    call("bdev_split_create", "{'base_bdev':'EE_D','split_count':2}");
    call("bdev_error_create", "{'base_name':'D'}");
    call("bdev_delay_create", "{'base_bdev_name':'P','name':'D'," + LATENCIES + "}");
    call("bdev_passthru_create", "{'base_bdev_name':'N','name':'P'}");
    assertThat(names()).isEmpty();

    makeNull("N");

    assertThat(names()).containsExactly("N", "P", "D", "EE_D", "EE_Dp0", "EE_Dp1");
  }

  @Test
  void aSplitOfABaseThatIsNotThereYetHasNoParts() {
    assertThat(call("bdev_split_create", "{'base_bdev':'N','split_count':2}").size()).isZero();
  }

  @Test
  void passthruAndDelayComeBackWithTheirBaseErrorAndSplitDoNot() {
    for (String base : List.of("A", "B", "C", "D")) {
      makeNull(base);
    }
    call("bdev_passthru_create", "{'base_bdev_name':'A','name':'P'}");
    call("bdev_delay_create", "{'base_bdev_name':'B','name':'L'," + LATENCIES + "}");
    call("bdev_error_create", "{'base_name':'C'}");
    call("bdev_split_create", "{'base_bdev':'D','split_count':1}");
    for (String base : List.of("A", "B", "C", "D")) {
      call("bdev_null_delete", "{'name':'" + base + "'}");
    }
    assertThat(names()).isEmpty();

    for (String base : List.of("A", "B", "C", "D")) {
      makeNull(base);
    }

    assertThat(names()).containsExactly("A", "P", "B", "L", "C", "D");
  }

  @Test
  void whatIsDeletedDoesNotComeBack() {
    makeNull("N");
    call("bdev_passthru_create", "{'base_bdev_name':'N','name':'P'}");
    assertThat(call("bdev_passthru_delete", "{'name':'P'}").booleanValue()).isTrue();
    call("bdev_null_delete", "{'name':'N'}");
    makeNull("N");

    assertThat(names()).containsExactly("N");
  }

  @Test
  void whatStillWaitsCanBeDeleted() {
    call("bdev_passthru_create", "{'base_bdev_name':'N','name':'P'}");
    call("bdev_split_create", "{'base_bdev':'N','split_count':2}");

    call("bdev_passthru_delete", "{'name':'P'}");
    call("bdev_split_delete", "{'base_bdev':'N'}");
    makeNull("N");

    assertThat(names()).containsExactly("N");
  }

  @Test
  void allPartsAreDeletedTogetherAndTheBaseIsFreeAgain() {
    makeNull("N");
    call("bdev_split_create", "{'base_bdev':'N','split_count':3}");

    assertThat(call("bdev_split_delete", "{'base_bdev':'N'}").booleanValue()).isTrue();

    assertThat(names()).containsExactly("N");
    assertThat(call("bdev_split_create", "{'base_bdev':'N','split_count':1}").size()).isEqualTo(1);
  }

  @Test
  void aSplitWithOneNameTakenMakesNoPartAtAll() {
    makeNull("N");
    makeNull("Np1");

    RpcException refused = error("bdev_split_create", "{'base_bdev':'N','split_count':3}");

    assertThat(refused.error()).isEqualTo("Failed to create 3 split bdevs from 'N': File exists");
    assertThat(names()).containsExactly("N", "Np1");
    call("bdev_null_delete", "{'name':'Np1'}");
    assertThat(call("bdev_split_create", "{'base_bdev':'N','split_count':3}").size()).isEqualTo(3);
  }

  @Test
  void aLatencyIsChangedByItsName() {
    makeNull("N");
    call("bdev_delay_create", "{'base_bdev_name':'N','name':'D'," + LATENCIES + "}");

    call(
        "bdev_delay_update_latency",
        "{'delay_bdev_name':'D','latency_type':'p99_read','latency_us':77}");

    assertThat(driverSpecific("D")).contains("'p99_read_latency':77,'avg_write_latency':30");
  }

  @Test
  void errorsAreInjectedClearedAndResumed() {
    makeNull("N");
    call("bdev_error_create", "{'base_name':'N'}");
    for (String call :
        List.of(
            "'io_type':'all','error_type':'failure'",
            "'io_type':'read','error_type':'pending','num':4294967295,'queue_depth':8",
            "'io_type':'write','error_type':'corrupt_data','corrupt_offset':9,'corrupt_value':255",
            "'io_type':'flush','error_type':'nvme_failure','nvme_sct':2,'nvme_sc':129",
            "'io_type':'unmap','error_type':'nomem'",
            "'io_type':'clear','error_type':'failure'")) {
      assertThat(call("bdev_error_inject_error", "{'name':'EE_N'," + call + "}").booleanValue())
          .isTrue();
    }
    assertThat(call("bdev_error_resume_pending", "{'name':'EE_N'}").booleanValue()).isTrue();
    assertThat(call("bdev_error_delete", "{'name':'EE_N'}").booleanValue()).isTrue();
    assertThat(names()).containsExactly("N");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "bdev_passthru_create|{'base_bdev_name':'N','name':'T'}|-17|File exists|T is taken",
        "bdev_passthru_create|{'base_bdev_name':'T','name':'X'}|-1|Operation not permitted"
            + "|bdev T is claimed by passthru",
        "bdev_passthru_create|{'base_bdev_name':'T','name':'P'}|-17|File exists"
            + "|passthru P was asked for already",
        "bdev_passthru_create|{'name':'X'}|-32603|spdk_json_decode_object failed|base_bdev_name",
        "bdev_passthru_delete|{'name':'none'}|-19|No such device|no bdev none",
        "bdev_passthru_delete|{'name':'N'}|-19|No such device|N is of another kind (Null disk)",
        "bdev_delay_create|{'base_bdev_name':'N','name':'X','avg_read_latency':2,"
            + "'p99_read_latency':1,'avg_write_latency':0,'p99_write_latency':0}"
            + "|-22|Invalid argument|p99_read latency 1 us is below avg_read latency 2 us",
        "bdev_delay_create|{'base_bdev_name':'later','name':'X','avg_read_latency':2,"
            + "'p99_read_latency':1,'avg_write_latency':0,'p99_write_latency':0}"
            + "|-22|Invalid argument|p99_read latency 1 us",
        "bdev_delay_create|{'base_bdev_name':'N','name':'X'}|-32603"
            + "|spdk_json_decode_object failed|avg_read_latency",
        "bdev_delay_update_latency|{'delay_bdev_name':'N','latency_type':'avg_read','latency_us':1}|-32602|The"
            + " requested bdev does not exist.|N is of another kind (Null disk)",
        "bdev_delay_update_latency|{'delay_bdev_name':'N','latency_type':'avg','latency_us':1}"
            + "|-32603|spdk_json_decode_object failed|must be one of avg_read",
        "bdev_error_inject_error|{'name':'none','io_type':'all','error_type':'failure'}|-19"
            + "|No such device|none",
        "bdev_error_inject_error|{'name':'N','io_type':'all','error_type':'failure'}|-19"
            + "|No such device|N is of another kind (Null disk)",
        "bdev_error_inject_error|{'name':'N','io_type':'write_zeroes','error_type':'failure'}"
            + "|-32603|spdk_json_decode_object failed|must be one of clear, read",
        "bdev_error_inject_error|{'name':'N','io_type':'all','error_type':'corrupt_data'}|-22"
            + "|Invalid argument|corrupt_value 0",
        "bdev_error_inject_error|{'name':'N','io_type':'all','error_type':'failure','nvme_sc':1}"
            + "|-22|nvme_sct or nvme_sc should be specified for NVMe error injection|failure",
        "bdev_error_inject_error|{'name':'N','io_type':'all','error_type':'nvme_failure'}"
            + "|-22|nvme_sct or nvme_sc should be specified for NVMe error injection|nvme",
        "bdev_error_resume_pending|{'name':'none'}|-19|No such device|none",
        "bdev_split_create|{'base_bdev':'N','split_count':0}|-32602"
            + "|Failed to create 0 split bdevs from 'N': Invalid argument|split_count is 0",
        "bdev_split_create|{'base_bdev':'N','split_count':1,'split_size_mb':3}|-32602"
            + "|Failed to create 1 split bdevs from 'N': Invalid argument|no part of 3 MiB fits",
        "bdev_split_create|{'base_bdev':'T','split_count':1}|-32602"
            + "|Failed to create 1 split bdevs from 'T': Operation not permitted|claimed",
        "bdev_split_create|{'base_bdev':'N'}|-32602|Invalid parameters|split_count",
        "bdev_split_delete|{'base_bdev':'N'}|-32602|No such file or directory|N is not split",
      })
  void mistakesAreAnsweredAsSpdkDoes(
      String method, String params, int code, String message, String detail) {
    makeNull("N");
    makeNull("T");
    call("bdev_passthru_create", "{'base_bdev_name':'T','name':'P'}");

    RpcException refused = error(method, params);

    assertThat(refused.code()).isEqualTo(code);
    assertThat(refused.error()).isEqualTo(message);
    assertThat(refused.detail()).contains(detail);
    assertThat(names()).containsExactly("N", "T", "P");
  }
}
