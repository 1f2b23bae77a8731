package io.millrace.server;

import io.millrace.initiator.perf.FioUnits;
import io.millrace.initiator.perf.VerifyOptions;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of {@code millrace perf} that say what is proved, in fio's words. */
final class PerfVerifyOptions {
  private static final String CRC32C = "crc32c";

  @Option(
      names = "--verify",
      arity = "0..1",
      fallbackValue = CRC32C,
      paramLabel = "METHOD",
      description =
          "Writes a pattern that tells of itself, reads it back and checks it; with --rw=read and"
              + " randread, checks what an earlier run wrote. METHOD is crc32c.")
  private @Nullable String method;

  @Option(
      names = "--do_verify",
      paramLabel = "BOOL",
      defaultValue = "1",
      description = "Whether to read back what was written. Default: ${DEFAULT-VALUE}.")
  private String doVerify;

  @Option(
      names = "--verify_only",
      arity = "0..1",
      defaultValue = "0",
      fallbackValue = "1",
      paramLabel = "BOOL",
      description = "Writes nothing, checks what the same command wrote before.")
  private String only;

  @Option(
      names = "--verify_fatal",
      arity = "0..1",
      defaultValue = "0",
      fallbackValue = "1",
      paramLabel = "BOOL",
      description = "Ends at the first bad block. Default: 0, checks them all.")
  private String fatal;

  @Option(
      names = "--verify-state",
      paramLabel = "FILE",
      description =
          "Keeps what was written, so that a later run knows which write each block must hold.")
  private @Nullable Path stateFile;

  PerfVerifyOptions() {}

  /**
   * All of them.
   *
   * @throws IllegalArgumentException in one line that names the option
   */
  VerifyOptions options() {
    if (method != null && !method.equals(CRC32C)) {
      throw new IllegalArgumentException("--verify=" + method + " is not known; it is crc32c");
    }
    return new VerifyOptions(
        method != null,
        PerfLoadOptions.of("--do_verify", () -> FioUnits.bool(doVerify)),
        PerfLoadOptions.of("--verify_only", () -> FioUnits.bool(only)),
        PerfLoadOptions.of("--verify_fatal", () -> FioUnits.bool(fatal)),
        stateFile);
  }
}
