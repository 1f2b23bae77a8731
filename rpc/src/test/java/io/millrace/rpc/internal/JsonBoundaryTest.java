package io.millrace.rpc.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.rpc.internal.JsonBoundary.Outcome;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonBoundaryTest {
  private static final int BYTES = 1000;
  private static final int VALUES = 100;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "\"\"",
        "true",
        "false",
        "null",
        "{\"a\":1}",
        "[1,2]",
        "[[],{}]",
        "[-0.5e+10, 0, 10, 1E2, -0]",
        "\"\\u00e9\\n\\\\\\/\"",
        "\"\\ud83d\\ude00\"",
        "{\"a\" : [ true , null ] , \"\" : \"x\"}",
        "\"\u00e9\u20ac\ud83d\ude00\""
      })
  void valueEndsAtItsLastByte(String value) {
    byte[] text = (value + " [").getBytes(UTF_8);
    JsonBoundary boundary = new JsonBoundary(BYTES, VALUES);

    assertThat(boundary.scan(text, 0, text.length)).isEqualTo(Outcome.COMPLETE);

    assertThat(boundary.position()).isEqualTo(text.length - 2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "}",
        "]",
        ",",
        ":",
        "x",
        "[1,]",
        "[,1]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{1:2}",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "[01]",
        "[1.]",
        "[.5]",
        "[+1]",
        "[1e]",
        "[1e+]",
        "[--1]",
        "[-]",
        "[tru]",
        "[nulL]",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\t\"",
        "\"\n\"",
        "{\"a\":1]",
        "[1}",
        "'a'",
        "\"\\ud83d\"",
        "\"\\ud83dx\"",
        "\"\\ud83d\\n\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ude00\"",
        "// no comments here",
        "\ufeff{}",
        "01 ",
        "1.x"
      })
  void whatIsNotJsonIsRefused(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    JsonBoundary boundary = new JsonBoundary(BYTES, VALUES);

    assertThat(boundary.scan(bytes, 0, bytes.length)).isEqualTo(Outcome.MALFORMED);

    assertThat(boundary.problem()).isNotBlank();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "80",
        "bf",
        "c0af",
        "c1bf",
        "c222",
        "e08080",
        "e09fbf",
        "eda080",
        "edbfbf",
        "e28222",
        "f08080bf",
        "f4908080",
        "f5808080",
        "ff",
        "fe",
        "f09f9822"
      })
  void illFormedUtf8IsRefused(String hex) {
    byte[] bytes = HexFormat.of().parseHex("22" + hex + "22");
    JsonBoundary boundary = new JsonBoundary(BYTES, VALUES);

    assertThat(boundary.scan(bytes, 0, bytes.length)).isEqualTo(Outcome.MALFORMED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"c280", "dfbf", "e0a080", "ed9fbf", "ee8080", "f0908080", "f48fbfbf"})
  void utf8AtTheEdgesIsTaken(String hex) {
    byte[] bytes = HexFormat.of().parseHex("22" + hex + "22");
    JsonBoundary boundary = new JsonBoundary(BYTES, VALUES);

    assertThat(boundary.scan(bytes, 0, bytes.length)).isEqualTo(Outcome.COMPLETE);
  }

  @Test
  void numberAtTopEndsWithTheByteAfterIt() {
    byte[] text = "12".getBytes(UTF_8);
    byte[] rest = "3\n".getBytes(UTF_8);
    JsonBoundary boundary = new JsonBoundary(BYTES, VALUES);

    assertThat(boundary.scan(text, 0, 2)).isEqualTo(Outcome.MORE);
    assertThat(boundary.scan(rest, 0, 2)).isEqualTo(Outcome.COMPLETE);

    assertThat(boundary.position()).isEqualTo(1);
  }

  @Test
  void whiteSpaceBeforeAValueIsNotAValue() {
    byte[] text = " \r\n\t".getBytes(UTF_8);
    JsonBoundary boundary = new JsonBoundary(BYTES, VALUES);

    assertThat(boundary.scan(text, 0, text.length)).isEqualTo(Outcome.MORE);

    assertThat(boundary.begun()).isFalse();
  }

  @Test
  void longestValueIsTakenAndOneByteMoreIsRefused() {
    byte[] longest = ("\"" + "x".repeat(BYTES - 2) + "\"").getBytes(UTF_8);
    byte[] longer = ("\"" + "x".repeat(BYTES - 1) + "\"").getBytes(UTF_8);

    assertThat(new JsonBoundary(BYTES, VALUES).scan(longest, 0, BYTES)).isEqualTo(Outcome.COMPLETE);
    JsonBoundary boundary = new JsonBoundary(BYTES, VALUES);
    assertThat(boundary.scan(longer, 0, BYTES + 1)).isEqualTo(Outcome.MALFORMED);
    assertThat(boundary.problem()).isEqualTo("longer than 1000 bytes");
  }

  @Test
  void asManyValuesAsTheLimitAreTakenAndOneMoreIsRefused() {
    byte[] most = ("[" + "1,".repeat(VALUES - 3) + "1]").getBytes(UTF_8);
    byte[] more = ("[" + "1,".repeat(VALUES - 2) + "1]").getBytes(UTF_8);

    assertThat(new JsonBoundary(BYTES, VALUES).scan(most, 0, most.length))
        .isEqualTo(Outcome.COMPLETE);
    JsonBoundary boundary = new JsonBoundary(BYTES, VALUES);
    assertThat(boundary.scan(more, 0, more.length)).isEqualTo(Outcome.MALFORMED);
    assertThat(boundary.problem()).isEqualTo("more than 100 values");
  }

  @Test
  void sixtyFourLevelsAreTakenAndOneMoreIsRefused() {
    byte[] deepest = ("[".repeat(64) + "]".repeat(64)).getBytes(UTF_8);
    byte[] deeper = ("[".repeat(65) + "]".repeat(65)).getBytes(UTF_8);

    assertThat(new JsonBoundary(BYTES, 1000).scan(deepest, 0, 128)).isEqualTo(Outcome.COMPLETE);
    JsonBoundary boundary = new JsonBoundary(BYTES, 1000);
    assertThat(boundary.scan(deeper, 0, 130)).isEqualTo(Outcome.MALFORMED);
    assertThat(boundary.position()).isEqualTo(64);
  }
}
