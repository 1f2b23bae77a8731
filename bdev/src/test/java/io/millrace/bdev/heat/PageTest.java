package io.millrace.bdev.heat;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PageTest {
  @Test
  void thePageOnBdevModulesShowsThisExampleToTheLetter() throws Exception {
    String source = Files.readString(Path.of("src/test/java/io/millrace/bdev/heat/HeatBdev.java"));

    String page = Files.readString(Path.of("..", "docs", "bdev-modules.md"));

    assertThat(page).contains("\n```java\n" + source + "```\n");
  }
}
