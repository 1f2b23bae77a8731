package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user sees of a command line that is wrong: one line and exit code 2. */
@Timeout(120)
class CommandLineTest {
  @TempDir Path dir;

  @BeforeEach
  void image() throws IOException {
    Files.write(dir.resolve("disk.img"), new byte[1 << 20]);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "serve",
        "blk",
        "rpc",
        "perf",
        "nvme",
        "nvme list",
        "nvme bind",
        "nvme unbind",
        "version"
      })
  void everyCommandHasHelp(String command) {
    Cli cli = Cli.run((command + " --help").strip().split(" ", -1));

    assertThat(cli.exitCode()).isZero();
    assertThat(cli.out()).startsWith(("Usage: millrace " + command).strip()).contains("--help");
    assertThat(cli.err()).isEmpty();
  }

  @Test
  void versionNamesMillraceAndTheRuntime() {
    Cli cli = Cli.run("version");

    assertThat(cli.exitCode()).isZero();
    assertThat(cli.out()).matches("Millrace \\S+ \\(JDK 25.*\\)\\R");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``|millrace: which command? serve, blk, rpc, top, perf, nvme, state or version (see millrace --help)",
        "sevre|millrace: Unmatched argument at index 0: 'sevre'",
        "serve|millrace serve: nothing to serve: give --blk SOCKET=IMAGE, --scsi SOCKET=IMAGE, -c"
            + " FILE or -r SOCKET",
        "serve --blk|millrace serve: Missing required parameter for option '--blk'",
        "serve --block x|millrace serve: Unknown options: '--block', 'x'",
        "serve disk.img|millrace serve: Unmatched argument at index 0: 'disk.img'",
        "serve --blk disk.img|millrace serve: --blk disk.img has no '='",
        "serve --blk s=DIR/disk.img -m 0|millrace serve: '0' names no core",
        "serve --blk s=DIR/disk.img -m 1-2|millrace serve: '1-2' is not a core mask",
        "serve --blk s=DIR/disk.img -S DIR/none|millrace serve: -S DIR/none is no directory;"
            + " create",
        "serve --blk s=DIR/disk.img --socket-mode 888|millrace serve: --socket-mode 888 is not an"
            + " octal",
        "serve --blk s=DIR/disk.img --socket-mode 1000|millrace serve: --socket-mode 1000 is not",
        "serve --blk s=DIR/disk.img --socket-group no-such-group"
            + "|millrace serve: --socket-group no-such-group: there is no such group",
        "serve --blk s=DIR/disk.img --log-level loud|millrace serve: Invalid value for option",
        "serve --blk s=DIR/a.img --blk ./s=DIR/b.img"
            + "|millrace serve: --blk ./s=DIR/b.img has the socket of another disk",
        "serve -S DIR --blk s=DIR/none.img|millrace serve: bdev s: DIR/none.img: ENOENT (No such"
            + " file or directory); create it",
        "serve -S DIR --blk s=DIR|millrace serve: bdev s: DIR is neither an image file nor a block",
        "serve -S DIR --blk none/s=DIR/disk.img"
            + "|millrace serve: DIR/none/s: there is no directory DIR/none; create it first",
        "serve -S DIR --blk disk.img=DIR/disk.img"
            + "|millrace serve: DIR/disk.img: is there and is not a socket",
        "serve -c DIR/none.json|millrace serve: DIR/none.json: there is no such file",
        "serve -c DIR|millrace serve: DIR: is a directory; give the path of a file in it to -c",
        "serve -r DIR/none/r|millrace serve: DIR/none/r: there is no directory DIR/none",
        "rpc|millrace rpc: which METHOD? rpc_get_methods lists all",
        "rpc -r DIR/none.sock x|millrace rpc: DIR/none.sock: cannot connect: No such file",
        "rpc -r DIR/disk.img x|millrace rpc: DIR/disk.img: cannot connect: ",
        "rpc -r DIR/none.sock x {|millrace rpc: parameters are not JSON: ",
        "rpc -r DIR/none.sock x 7|millrace rpc: parameters must be a JSON object",
        "rpc -r DIR/none.sock -t 0 x|millrace rpc: --timeout must be more than 0",
        "rpc --describe x {}|millrace rpc: --describe and --help take a METHOD and no parameters",
        "perf|millrace perf: what to load? give either --socket PATH or --bdev BDEV",
        "perf --socket DIR/none.sock|millrace perf: ",
        "perf --socket DIR/none.sock --rw=up|millrace perf: --rw=up is not known",
        "perf --socket DIR/none.sock --bs=1|millrace perf: --bs must be a multiple of 512",
        "perf --socket DIR/none.sock --iodepth=0|millrace perf: --iodepth must be 1 to 1024",
        "perf --socket DIR/none.sock --runtime=soon|millrace perf: --runtime: 'soon' is no time",
      })
  void wrongCommandLineIsOneLineAndExitCode2AndLeavesNothing(String line, String message)
      throws IOException {
    String[] args = line.isEmpty() ? new String[0] : named(line).split(" ");

    Cli cli = Cli.run(args);

    assertThat(cli.exitCode()).as(cli.err()).isEqualTo(2);
    assertThat(cli.err()).startsWith(named(message)).hasLineCount(1);
    assertThat(cli.out()).isEmpty();
    assertThat(dir.toFile().list()).containsExactly("disk.img");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "serve --blk s=DIR/a.img --blk connect:./s=DIR/b.img"
            + "|millrace serve: --blk connect:./s=DIR/b.img has the socket of another disk",
        "serve -S DIR --blk connect:none/s=DIR/disk.img"
            + "|millrace serve: DIR/none/s: there is no directory DIR/none; create it first",
        "serve -S DIR --blk connect:disk.img=DIR/disk.img"
            + "|millrace serve: DIR/disk.img: is there and is not a socket; name the one that",
        "serve -S DIR --blk connect:DIR/0123456789012345678901234567890123456789012345678901234567"
            + "890123456789012345678901234567890123456789012345678901234567890=DIR/disk.img|millrace"
            + " serve:"
            + " DIR/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890:"
            + " a socket's path has",
      })
  void wrongSocketToConnectToIsOneLineAndExitCode2AndLeavesNothing(String line, String message)
      throws IOException {
    wrongCommandLineIsOneLineAndExitCode2AndLeavesNothing(line, message);
  }

  @Test
  void imageOfAnotherFormatIsRefusedUnlessSaidToBeRaw() throws IOException {
    byte[] qcow2 = new byte[1 << 20];
    System.arraycopy(new byte[] {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3}, 0, qcow2, 0, 8);
    Files.write(dir.resolve("disk.img"), qcow2);

    Cli cli = Cli.run(named("serve -S DIR --blk s=DIR/disk.img").split(" "));

    assertThat(cli.exitCode()).isEqualTo(2);
    assertThat(cli.err()).contains("looks like qcow2").contains("say format=raw").hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{|DIR/c.json:1: not JSON",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[{\"method\":\"bdev_magic_create\"}]}]}|DIR/c.json:1:"
            + " subsystem bdev: bdev_magic_create: is not known here; remove it",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[{\"method\":\"bdev_set_options\","
            + "\"params\":{\"bdev_io_pool_size\":9,\"bdev_io_cache_size\":10}}]}]}"
            + "|DIR/c.json:1: subsystem bdev: bdev_set_options: Pool size 9 too small for cache"
            + " size 10: give a bdev_io_pool_size of at least bdev_io_cache_size",
        "{\"subsystems\":[{\"subsystem\":\"bdev\",\"config\":[{\"method\":\"bdev_null_create\","
            + "\"params\":{\"name\":\"N\",\"block_size\":512}}]}]}|DIR/c.json:1: subsystem bdev:"
            + " bdev_null_create: parameter num_blocks (blocks) is missing",
        "{\"subsystems\":[{\"subsystem\":\"vhost_blk\",\"config\":[{\"method\":"
            + "\"vhost_create_blk_controller\",\"params\":{\"ctrlr\":\"v\",\"dev_name\":\"N\"}}]}]}"
            + "|DIR/c.json:1: subsystem vhost_blk: vhost_create_blk_controller: No such device:"
            + " there is no bdev N",
      })
  void wrongConfigurationNamesFileLineMethodAndParameter(String text, String message)
      throws IOException {
    Files.writeString(dir.resolve("c.json"), text);

    Cli cli = Cli.run(named("serve -S DIR --blk s=DIR/disk.img -r DIR/r -c DIR/c.json").split(" "));

    assertThat(cli.exitCode()).as(cli.err()).isEqualTo(2);
    assertThat(cli.err()).startsWith("millrace serve: " + named(message)).hasLineCount(1);
    assertThat(dir.toFile().list()).containsExactlyInAnyOrder("disk.img", "c.json");
  }

  private String named(String text) {
    return text.replace("DIR", dir.toString());
  }
}
