package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What docs/from-spdk.md says that there is, there is; and its way to move works. */
@Timeout(240)
class FromSpdkPageTest {
  private static final Path PAGE = Path.of("..", "docs", "from-spdk.md");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| (`[a-z_]+`(?:, `[a-z_]+`)*) \\|");
  private static final Pattern NAME = Pattern.compile("`([a-z_]+)`");

  @TempDir Path folder;

  @Test
  void fileOfSpdksIsServedByThePagesCommandWithEveryMethodThatThePageNames() throws Exception {
    Path dir = Files.createDirectory(folder.resolve("run"));
    String page = Files.readString(PAGE, UTF_8);
    Files.writeString(dir.resolve("vhost.json"), saved());
    String command = page.lines().filter(l -> l.contains("millrace serve -c")).findFirst().get();
    String[] words = command.strip().replace("/run/vhost", ".").replace("/var/tmp/", "").split(" ");
    String[] arguments = List.of(words).subList(1, words.length).toArray(String[]::new);

    try (ServerProcess server = ServerProcess.start(dir, List.of(), arguments)) {
      assertThat(server.line()).startsWith("ready: 1 disk on");
      String socket = dir.resolve("spdk.sock").toString();
      Cli there = Cli.run("rpc", "-r", socket, "rpc_get_methods");

      List<String> absent = new ArrayList<>();
      for (String name : methods(page)) {
        if (!there.out().contains("\"" + name + "\"")) {
          absent.add(name);
        }
      }
      assertThat(absent).isEmpty();
      assertThat(methods(page)).hasSizeGreaterThan(50);
      assertThat(server.log()).contains("skipped what there is not here");
    }
  }

  private static List<String> methods(String page) {
    String section = page.substring(page.indexOf("## Methods"), page.indexOf("**Not there**"));
    return ROW.matcher(section)
        .results()
        .flatMap(row -> NAME.matcher(row.group(1)).results())
        .map(name -> name.group(1))
        .toList();
  }

  /** As SPDK's save_config writes it: what is not here beside what is. */
  private static String saved() {
    return """
    {"subsystems": [
      {"subsystem": "iobuf", "config": [
        {"method": "iobuf_set_options", "params": {"small_pool_count": 8192}}]},
      {"subsystem": "bdev", "config": [
        {"method": "bdev_malloc_create",
         "params": {"name": "Malloc0", "block_size": 512, "num_blocks": 131072}}]},
      {"subsystem": "vhost_blk", "config": [
        {"method": "vhost_create_blk_controller",
         "params": {"ctrlr": "vhost.0", "dev_name": "Malloc0"}}]}]}
    """;
  }
}
