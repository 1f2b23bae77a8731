package io.millrace.initiator.perf;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What to prove, in fio's words.
 *
 * @param enabled whether data carries the pattern ({@code --verify})
 * @param doVerify whether what was written is read back and checked ({@code --do_verify})
 * @param only whether to check what an earlier run wrote, in place of writing ({@code
 *     --verify_only})
 * @param fatal whether the first bad block ends the job ({@code --verify_fatal})
 * @param stateFile what was written, kept from run to run; null for nothing kept
 */
public record VerifyOptions(
    boolean enabled, boolean doVerify, boolean only, boolean fatal, @Nullable Path stateFile) {
  /** Nothing is proved. */
  public static final VerifyOptions OFF = new VerifyOptions(false, true, false, false, null);

  /** What is written is read back and checked. */
  public static final VerifyOptions ON = new VerifyOptions(true, true, false, false, null);

  /** The same, checking only what an earlier run wrote. */
  public VerifyOptions withOnly() {
    return new VerifyOptions(enabled, doVerify, true, fatal, stateFile);
  }

  /** The same, without reading back. */
  public VerifyOptions withoutReadBack() {
    return new VerifyOptions(enabled, false, only, fatal, stateFile);
  }

  /** The same, ending at the first bad block. */
  public VerifyOptions withFatal() {
    return new VerifyOptions(enabled, doVerify, only, true, stateFile);
  }

  /** The same, continuing what a file tells. */
  public VerifyOptions withStateFile(Path file) {
    return new VerifyOptions(enabled, doVerify, only, fatal, file);
  }
}
