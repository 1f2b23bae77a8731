package io.millrace.initiator.perf;

import io.millrace.initiator.perf.BlockDiagnosis.Expectation;
import java.util.List;

/**
 * What is known of one job's part of the disk: its last pass, and what that pass did not write.
 *
 * @param rw what the pass did; with the next two and its number it says the pass's order
 * @param blockBytes bytes of its requests
 * @param readPercent share of reads
 * @param startBytes where the part begins
 * @param lengthBytes of the part
 * @param pass number of the pass, from 0
 * @param generation of what the pass wrote
 * @param open whether the pass has not ended, or was never seen to end
 * @param written requests of the pass that were begun, in its order
 * @param interrupted places in that order of writes that may not have been done
 * @param oldest generation of blocks that the pass did not write; 0 when they may hold anything
 * @param newest generation of such blocks
 */
record VerifyState(
    ReadWrite rw,
    int blockBytes,
    int readPercent,
    long startBytes,
    long lengthBytes,
    long pass,
    long generation,
    boolean open,
    long written,
    List<Long> interrupted,
    long oldest,
    long newest) {
  VerifyState {
    interrupted = List.copyOf(interrupted);
  }

  /** Whether every block of the part holds the last pass's write. */
  boolean isComplete() {
    boolean all = written == lengthBytes / blockBytes && !rw.reads();
    return all && !open && interrupted.isEmpty();
  }

  /** What any block of the part should hold. */
  Expectation ofAnyBlock() {
    return isComplete()
        ? new Expectation(generation, generation, false)
        : new Expectation(oldest, Math.max(newest, generation), true);
  }

  /** The same pass, ended. */
  VerifyState ended(long begun, List<Long> notDone) {
    return new VerifyState(
        rw,
        blockBytes,
        readPercent,
        startBytes,
        lengthBytes,
        pass,
        generation,
        false,
        begun,
        notDone,
        oldest,
        newest);
  }
}
