package io.millrace.vm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The distribution where nobody has set a locale, as in a systemd unit or a container. */
@Timeout(60)
class LocaleTest {
  private static final String PROGRAM =
      Lab.MODULE.resolveSibling("server").resolve("target/millrace/bin/millrace").toString();

  @RegisterExtension private final Lab lab = new Lab();

  @Test
  void imageWithANameBeyondAsciiIsServedWithoutALocale() throws Exception {
    lab.image("диск-ü.img", 1 << 20);

    Process server =
        lab.start(
            List.of("env", "LC_ALL=C", PROGRAM, "serve", "--blk", "vm0.sock=диск-ü.img"),
            "server.log",
            true);

    assertThat(server.inputReader(UTF_8).readLine()).startsWith("ready: 1 disk");
  }
}
