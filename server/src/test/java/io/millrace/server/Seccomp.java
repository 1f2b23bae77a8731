package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Processes to which a system call is forbidden, as containers do. */
final class Seccomp {
  private static final String LAUNCHER =
      """
      #include <errno.h>
      #include <linux/filter.h>
      #include <linux/seccomp.h>
      #include <stddef.h>
      #include <sys/prctl.h>
      #include <sys/syscall.h>
      #include <unistd.h>
      int main(int argc, char **argv) {
        struct sock_filter code[] = {
          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL, 0, 1),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ERROR),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
        struct sock_fprog program = {4, code};
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) return 1;
        execvp(argv[1], argv + 1);
        return 1;
      }
      """;

  private Seccomp() {}

  /**
   * Words before a command, which run it without a call.
   *
   * @param folder for the program that does it
   * @param call its name
   * @param error what it gives instead, such as EPERM
   */
  static List<String> refusing(Path folder, String call, String error) throws Exception {
    Path source = folder.resolve("launcher.c");
    Path program = folder.resolve("without-" + call);
    Files.writeString(source, LAUNCHER);
    Process gcc =
        new ProcessBuilder(
                "gcc",
                "-DCALL=SYS_" + call,
                "-DERROR=" + error,
                "-o",
                program.toString(),
                source.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(gcc.getInputStream().readAllBytes(), UTF_8);
    assertThat(gcc.waitFor()).as(output).isZero();
    return List.of(program.toString());
  }
}
