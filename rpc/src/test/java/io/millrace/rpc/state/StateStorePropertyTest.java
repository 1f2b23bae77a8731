package io.millrace.rpc.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Against a map: any changes, opened again at any moments. */
class StateStorePropertyTest {
  @Property(tries = 20)
  void itHoldsWhatAMapHolds(@ForAll long seed, @ForAll @IntRange(max = 60) int operations)
      throws Exception {
    Path dir = Files.createTempDirectory("state-property");
    Map<String, String> model = new TreeMap<>();
    StateStore store = StateStore.open(dir);
    try {
      Random random = new Random(seed);
      for (int i = 0; i < operations; i++) {
        int operation = random.nextInt();
        String key = "k" + (operation >>> 4 & 7);
        switch (operation & 7) {
          case 0 -> {
            store.close();
            store = StateStore.open(dir);
          }
          case 1, 2 -> {
            var removed = store.remove(key);
            model.remove(key);
            StateStoreTest.done(removed);
          }
          default -> {
            String value = "v".repeat((operation >>> 8 & 0x3ff) * ((operation & 8) == 0 ? 1 : 100));
            var put = store.put(key, value.getBytes(UTF_8));
            model.put(key, value);
            if ((operation & 1) == 0) {
              StateStoreTest.done(put);
            }
          }
        }
      }
      store.close();
      store = StateStore.open(dir);

      assertThat(StateStoreTest.contents(store)).isEqualTo(model);
    } finally {
      store.close();
      delete(dir);
    }
  }

  private static void delete(Path dir) throws IOException {
    for (String each : dir.toFile().list()) {
      Files.delete(dir.resolve(each));
    }
    Files.delete(dir);
  }
}
