package io.millrace.server.top;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeyReaderTest {
  /** Reads all keys of what a terminal sent; nothing more comes after it. */
  private static List<Integer> keys(String sent) throws IOException {
    int[] at = {0};
    KeyReader reader = new KeyReader(millis -> at[0] < sent.length() ? sent.charAt(at[0]++) : -2);
    List<Integer> keys = new ArrayList<>();
    while (at[0] < sent.length()) {
      keys.add(reader.read(1));
    }
    return keys;
  }

  @Test
  void charactersAreThemselves() throws Exception {
    assertThat(keys("q?\r")).containsExactly((int) 'q', (int) '?', Key.ENTER);
  }

  @Test
  void arrowsAreKnownInBothOfTheirForms() throws Exception {
    assertThat(keys("\033[A\033OB\033[C\033[D"))
        .containsExactly(Key.UP, Key.DOWN, Key.ENTER, Key.BACK);
    assertThat(keys("\033[5~\033[6~\033[H\033[F\033[1~\033[4~"))
        .containsExactly(Key.PAGE_UP, Key.PAGE_DOWN, Key.HOME, Key.END, Key.HOME, Key.END);
  }

  @Test
  void escapeAloneGoesBack() throws Exception {
    assertThat(keys("\033")).containsExactly(Key.BACK);
  }

  @Test
  void sequencesThatNobodyKnowsAreNoKeys() throws Exception {
    assertThat(keys("\033[15~\033[1;5P\033xq"))
        .containsExactly(Key.NONE, Key.NONE, Key.NONE, (int) 'q');
    assertThat(keys("\033[" + "1;".repeat(50))).startsWith(Key.NONE).hasSizeGreaterThan(1);
  }

  @Test
  void theEndIsTold() throws Exception {
    assertThat(new KeyReader(millis -> -1).read(1)).isEqualTo(KeyReader.END);
    assertThat(new KeyReader(millis -> -2).read(1)).isEqualTo(Key.NONE);
  }
}
