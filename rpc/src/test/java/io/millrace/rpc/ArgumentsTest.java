package io.millrace.rpc;

import static io.millrace.rpc.internal.Json.WIRE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArgumentsTest {
  private final RpcMethod strict = new TestMethods().registry.find("strict").orElseThrow();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|size (bytes) is missing",
        "{\"size\":-1}|must be a whole number from 0 to 4294967295, not -1",
        "{\"size\":4294967296}|not 4294967296",
        "{\"size\":1.5}|not 1.5",
        "{\"size\":\"512\"}|not \"512\"",
        "{\"size\":null}|not null",
        "{\"size\":1e400000000}|must be a whole number",
        "{\"size\":1,\"mode\":\"some\"}|must be one of all, none, not \"some\"",
        "{\"size\":1,\"uuid\":\"1-2-3-4-5\"}|must be a UUID",
        "{\"size\":1,\"readonly\":1}|must be true or false",
        "{\"size\":1,\"names\":[1]}|must be an array of strings",
        "{\"size\":1,\"names\":\"a\"}|must be an array of strings",
        "{\"size\":1,\"extra\":[]}|must be an object",
        "{\"size\":1,\"sise\":2}|unknown parameter sise; it takes strict(size, [mode]",
        "[1]|params must be an object",
      })
  void wrongParameterIsNamedWithWhatItAccepts(String params, String problem) {
    RpcException refused = refusal(params);

    assertThat(refused.code()).isEqualTo(RpcException.INTERNAL_ERROR);
    assertThat(refused.error()).isEqualTo("spdk_json_decode_object failed");
    assertThat(refused.detail()).startsWith("strict: ").contains(problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "4294967295", "512.0", "5.12e2", "-0", "0e999999999"})
  void wholeNumberMayBeWrittenAnyWay(String number) throws RpcException {
    Arguments arguments = check("{\"size\":" + number + "}");

    assertThat(arguments.integer("size")).isBetween(0L, 0xffff_ffffL);
  }

  @Test
  void defaultStandsInForAnAbsentParameterAndOthersStayAbsent() throws RpcException {
    Arguments arguments = check("{\"size\":7}");

    assertThat(arguments.bool("readonly")).isFalse();
    assertThat(arguments.optionalString("mode")).isEmpty();
    assertThat(arguments.optionalUuid("uuid")).isEmpty();
    assertThat(arguments.strings("names")).isEmpty();
    assertThat(arguments.object("extra")).isEmpty();
    assertThat(arguments.has("mode")).isFalse();
  }

  @Test
  void givenParametersArrive() throws RpcException {
    Arguments arguments =
        check(
            "{\"size\":7,\"mode\":\"all\",\"readonly\":true,\"names\":[\"a\",\"b\"],\"extra\":{},"
                + "\"uuid\":\"123e4567-e89b-42d3-a456-426614174000\"}");

    assertThat(arguments.intValue("size")).isEqualTo(7);
    assertThat(arguments.optionalInt("size")).hasValue(7);
    assertThat(arguments.optionalInteger("size")).hasValue(7);
    assertThat(arguments.string("mode")).isEqualTo("all");
    assertThat(arguments.bool("readonly")).isTrue();
    assertThat(arguments.strings("names")).containsExactly("a", "b");
    assertThat(arguments.object("extra")).isPresent();
    assertThat(arguments.optionalUuid("uuid")).isPresent();
  }

  @Test
  void undeclaredNameIsAMistakeInTheProgram() throws RpcException {
    Arguments arguments = check("{\"size\":7}");

    assertThatThrownBy(() -> arguments.string("typo")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> arguments.string("mode")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void methodWithoutParametersRefusesEvenAnEmptyObject() throws RpcException {
    RpcMethod ping = new TestMethods().registry.find("ping").orElseThrow();
    Arguments.check(ping, null);
    Arguments.check(ping, WIRE.readTree("null"));

    assertThatThrownBy(() -> Arguments.check(ping, WIRE.readTree("{}")))
        .isInstanceOfSatisfying(
            RpcException.class, e -> assertThat(e.code()).isEqualTo(RpcException.INVALID_PARAMS))
        .hasMessage("ping method requires no parameters");
  }

  private Arguments check(String params) throws RpcException {
    return Arguments.check(strict, WIRE.readTree(params));
  }

  private RpcException refusal(String params) {
    return catchThrowableOfType(RpcException.class, () -> check(params));
  }
}
