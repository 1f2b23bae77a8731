package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** What {@code millrace blk} answers at once: its capabilities, and what is wrong. */
@Timeout(120)
class BlkCommandTest {
  @TempDir Path dir;

  @BeforeEach
  void image() throws IOException {
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--print-capabilities",
        "--socket-path=none/s --fd=x --print-capabilities",
        "--print-capabilities --no-such-option",
      })
  void capabilitiesArePrintedWhateverElseIsAskedFor(String line) throws Exception {
    Cli cli = Cli.run(("blk " + line).split(" "));

    assertThat(cli.exitCode()).isZero();
    assertThat(cli.err()).isEmpty();
    assertThat(new JsonMapper().readTree(cli.out()).toString())
        .isEqualTo("{\"type\":\"block\",\"features\":[\"read-only\",\"blk-file\"]}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "blk|millrace blk: give --socket-path=PATH or --fd=FDNUM",
        "blk --socket-path=|millrace blk: give --socket-path=PATH or --fd=FDNUM",
        "blk --socket-path=DIR/s --fd=3|millrace blk: --socket-path and --fd exclude each other",
        "blk --fd=x --blk-file=DIR/disk.img|millrace blk: Invalid value for option '--fd': 'x'",
        "blk --fd=-1 --blk-file=DIR/disk.img|millrace blk: --fd=-1 is no descriptor",
        "blk --fd=999999 --blk-file=DIR/disk.img"
            + "|millrace blk: fd 999999 is not open; whoever starts Millrace must pass it on",
        "blk --socket-path=DIR/s|millrace blk: give --blk-file=PATH",
        "blk --socket-path=DIR/s --blk-file=|millrace blk: give --blk-file=PATH",
        "blk --socket-path=DIR/s --blk-file=DIR/none.img|millrace blk: bdev DIR/s: DIR/none.img: ENOENT",
        "blk --socket-path=DIR/s --blk-file=DIR/disk.img --read-only=yes|millrace blk: ",
        "blk --socket-path=DIR/s --blk-file=DIR/disk.img --format=qcow2"
            + "|millrace blk: --format=qcow2 is not known; the only format is raw",
        "blk --socket-path=DIR/none/s --blk-file=DIR/disk.img"
            + "|millrace blk: DIR/none/s: there is no directory DIR/none; create it first",
      })
  void wrongOptionsAreOneLineAndExitCode2AndLeaveNothing(String line, String message) {
    Cli cli = Cli.run(line.replace("DIR", dir.toString()).split(" "));

    assertThat(cli.exitCode()).as(cli.err()).isEqualTo(2);
    assertThat(cli.err()).startsWith(message.replace("DIR", dir.toString())).hasLineCount(1);
    assertThat(cli.out()).isEmpty();
    assertThat(dir.toFile().list()).containsExactly("disk.img");
  }
}
