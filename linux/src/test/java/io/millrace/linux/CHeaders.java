package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The C headers of this machine: what they say is printed by small C programs.
 *
 * @param directory where these are compiled
 */
record CHeaders(Path directory) {
  /** Constants that Debian 12's headers (Linux 6.1) are too old for, as the kernel defines them. */
  private static final Map<String, Long> NEWER = Map.of("IORING_SETUP_NO_SQARRAY", 1L << 16);

  private static final String HEADERS =
      "errno.h fcntl.h poll.h sched.h stddef.h stdio.h string.h time.h sys/eventfd.h "
          + "sys/file.h sys/ioctl.h sys/mman.h sys/resource.h sys/socket.h sys/stat.h sys/syscall.h "
          + "sys/timerfd.h sys/uio.h sys/un.h linux/falloc.h linux/fs.h linux/io_uring.h "
          + "linux/memfd.h linux/stat.h linux/vfio.h";

  /** What C expressions are worth. */
  Map<String, Long> valuesOf(Iterable<String> expressions) throws Exception {
    StringBuilder body = new StringBuilder();
    NEWER.forEach((name, value) ->
        body.append("#ifndef " + name + "\n#define " + name + " " + value + "\n#endif\n"));
    for (String e : expressions) {
      body.append("printf(\"%s=%lld\\n\", \"" + e + "\", (long long)(" + e + "));\n");
    }
    Map<String, Long> values = new TreeMap<>();
    run("values", body.toString())
        .lines()
        .forEach(line -> {
          int equals = line.lastIndexOf('=');
          values.put(line.substring(0, equals), Long.valueOf(line.substring(equals + 1)));
        });
    return values;
  }

  /** What a program with this body of {@code main} prints. */
  String run(String name, String body) throws IOException, InterruptedException {
    Path source = directory.resolve(name + ".c");
    Path program = directory.resolve(name);
    String headers = "#define _GNU_SOURCE\n" + HEADERS.replaceAll("(\\S+) ?", "#include <$1>\n");
    Files.writeString(source, headers + "int main(void) {\n" + body + "\nreturn 0; }\n");
    assertThat(output("gcc", "-o", program.toString(), source.toString())).isEmpty();
    return output(program.toString());
  }

  private static String output(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
