package io.millrace.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The distribution's man pages, as a user's man(1) shows them. */
@Timeout(120)
class ManPagesTest {
  @RegisterExtension static final Lab lab = new Lab();

  private static final Path PAGES =
      MillraceServer.PROGRAM.getParent().resolveSibling("share/man/man1");
  private static final Pattern OPTION = Pattern.compile("(?m)^ +(?:-\\w, )?(--[a-z_-]+)");

  @Test
  void everyOptionOfACommandsHelpIsInItsPage() throws Exception {
    List<String> commands = List.of("serve", "blk", "rpc", "perf", "nvme list");
    for (String command : commands) {
      String program = MillraceServer.PROGRAM.toString();
      String help = lab.output("sh", "-c", program + " " + command + " --help");
      String page = Files.readString(page(command)).replace("\\-", "-");

      List<String> options =
          OPTION.matcher(help).results().map(match -> match.group(1)).distinct().toList();
      assertThat(options).as(command).isNotEmpty();
      assertThat(options).as(command).allMatch(option -> page.contains("\\fB" + option));
    }
  }

  @Test
  void formatterFindsNothingToWarnOf() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/groff")), "needs groff");
    try (Stream<Path> pages = Files.list(PAGES)) {
      for (Path page : pages.toList()) {
        assertThat(lab.output("groff", "-man", "-ww", "-z", "-Tutf8", "-Kutf8", page.toString()))
            .as(page.toString())
            .isEmpty();
      }
    }
  }

  @Test
  void pageSaysWhatTheCommandIsForAndWhereElseToLook() throws Exception {
    String page = Files.readString(page("nvme list"));

    assertThat(page)
        .contains(".TH MILLRACE\\-NVME\\-LIST 1 ", ".SH NAME\nmillrace\\-nvme\\-list \\- ")
        .contains(".SH SEE ALSO\n.BR millrace\\-nvme (1),");
    assertThat(Files.readString(page(""))).contains("\\fBmillrace\\-serve\\fR(1)");
  }

  private static Path page(String command) {
    String name = command.isEmpty() ? "millrace" : "millrace-" + command.replace(' ', '-');
    return PAGES.resolve(name + ".1");
  }
}
