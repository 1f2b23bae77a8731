package io.millrace.initiator.perf;

import java.util.ArrayList;
import java.util.List;

/**
 * What a job proved.
 *
 * @param checkedBlocks blocks read and checked, each time counted
 * @param badBlocks how many of them were wrong
 * @param unwrittenBlocks blocks that hold no pattern and, as far as is known, need not
 * @param failures the first of the bad ones
 */
public record VerifyResult(
    long checkedBlocks, long badBlocks, long unwrittenBlocks, List<VerifyFailure> failures) {
  /** Most bad blocks of a job that are told one by one. */
  public static final int MAX_FAILURES = 16;

  /** Copies the list. */
  public VerifyResult {
    failures = List.copyOf(failures);
  }

  VerifyResult plus(VerifyResult other) {
    List<VerifyFailure> all = new ArrayList<>(failures);
    all.addAll(other.failures);
    return new VerifyResult(
        checkedBlocks + other.checkedBlocks,
        badBlocks + other.badBlocks,
        unwrittenBlocks + other.unwrittenBlocks,
        all);
  }
}
