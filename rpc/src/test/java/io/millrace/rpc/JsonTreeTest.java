package io.millrace.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTreeTest {
  @Test
  void plainJavaBecomesJsonInItsOrder() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("z", 1);
    map.put("a", Arrays.asList(true, null, Long.MAX_VALUE, "text", Map.of()));

    assertThat(JsonTree.of(map))
        .hasToString("{\"z\":1,\"a\":[true,null,9223372036854775807,\"text\",{}]}");
  }
}
