package io.millrace.rpc.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

class JsonBoundaryPropertyTest {
  /** Splinters that make both good and almost good JSON likely. */
  private static final List<String> PIECES =
      List.of(
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"",
          "\"a\"",
          "1",
          "0",
          "-",
          ".",
          "e",
          "+",
          "true",
          "null",
          " ",
          "\n",
          "\\",
          "\\u",
          "d83d",
          "\\ude00",
          "\u00e9",
          "\ud83d\ude00",
          "{\"a\":1}",
          "[1,2]",
          "\"\"");

  @Property
  void anySplitGivesTheSame(
      @ForAll("almostJson") byte[] bytes, @ForAll @Size(max = 6) List<Integer> cuts) {
    int[] splits =
        cuts.stream().mapToInt(c -> Math.floorMod(c, bytes.length + 1)).sorted().toArray();

    assertThat(JsonBoundaryModel.outcomes(bytes, splits))
        .isEqualTo(JsonBoundaryModel.outcomes(bytes, new int[0]));
  }

  @Property
  void whatPassesIsOneValueForJackson(@ForAll("almostJson") byte[] bytes) {
    JsonBoundaryModel.agreesWithJackson(bytes);
  }

  @Property
  void whatJacksonTakesAsAnArrayPasses(@ForAll("almostJson") byte[] bytes) {
    byte[] array = ("[" + new String(bytes, UTF_8) + "]").getBytes(UTF_8);

    boolean passes =
        JsonBoundaryModel.outcomes(array, new int[0])
            .equals(List.of("value to " + array.length, "idle"));

    // Jackson takes half surrogate pairs in escapes; we do not, for they cannot be sent back.
    if (!new String(array, UTF_8).contains("\\u")) {
      assertThat(passes).isEqualTo(JsonBoundaryModel.isOneValue(array));
    }
  }

  @Provide
  Arbitrary<byte[]> almostJson() {
    return Arbitraries.of(PIECES)
        .list()
        .ofMaxSize(20)
        .map(pieces -> String.join("", pieces).getBytes(UTF_8))
        .filter(bytes -> Arrays.equals(bytes, new String(bytes, UTF_8).getBytes(UTF_8)));
  }
}
