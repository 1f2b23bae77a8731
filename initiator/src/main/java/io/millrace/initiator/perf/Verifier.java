package io.millrace.initiator.perf;

import io.millrace.initiator.perf.BlockDiagnosis.Expectation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Proves one job's blocks. Its pass methods run between passes and may allocate; {@link #stamp} and
 * {@link #check} are data path, and check allocates only for a block that is not simply right.
 */
final class Verifier {
  /** Place of a block that is not one of the last pass's writes. */
  static final long ELSEWHERE = -1;

  private final PerfOptions options;
  private final JobRegion region;
  private final VerifyJournal journal;
  private final int job;
  private final BlockDiagnosis diagnosis;
  private final CRC32C crc = new CRC32C();
  private final List<VerifyFailure> failures = new ArrayList<>();

  private @Nullable VerifyState state;
  private long generation;
  private Expectation ofLastPass = Expectation.ANY;
  private Expectation ofInterrupted = Expectation.ANY;
  private Expectation ofOthers = Expectation.ANY;
  private long[] interrupted = {}; // ascending
  private boolean allInterrupted;
  private long checkedBlocks;
  private long badBlocks;
  private long unwrittenBlocks;

  /**
   * For one job.
   *
   * @param job its number, from 0
   * @param scratch memory for one sector
   * @throws IOException in one line, when the journal is of something else
   */
  Verifier(PerfOptions options, JobRegion region, VerifyJournal journal, int job, long scratch)
      throws IOException {
    this.options = options;
    this.region = region;
    this.journal = journal;
    this.job = job;
    diagnosis = new BlockDiagnosis(scratch);
    VerifyState known = journal.get(job);
    if (known != null) {
      checkThatItFits(known);
      state = known;
      expect(known);
    } else if (options.verify().only() && options.verify().stateFile() != null) {
      throw new IOException(
          options.verify().stateFile()
              + ": there is no such state; run --verify_only without it, or write first");
    }
  }

  private void checkThatItFits(VerifyState known) throws IOException {
    boolean samePart =
        known.startBytes() == region.startBytes()
            && known.startBytes() + known.lengthBytes() == region.endBytes();
    boolean withinPart =
        known.startBytes() <= region.startBytes()
            && region.endBytes() - known.startBytes() <= known.lengthBytes();
    boolean sameOrder =
        known.rw() == options.rw()
            && known.blockBytes() == options.blockBytes()
            && known.readPercent() == options.readPercent();
    boolean fits = options.rw().writes() ? samePart : withinPart;
    if (!fits || (options.verify().only() && !sameOrder)) {
      throw new IOException(
          "%s: is of --rw=%s --bs=%d --rwmixread=%d on %d bytes from %d on; run it like that, or with another --verify-state"
              .formatted(
                  options.verify().stateFile(),
                  known.rw().word(),
                  known.blockBytes(),
                  known.readPercent(),
                  known.lengthBytes(),
                  known.startBytes()));
    }
  }

  private void expect(VerifyState known) {
    generation = known.generation();
    ofLastPass = new Expectation(generation, generation, false);
    ofInterrupted = new Expectation(known.oldest(), generation, true);
    ofOthers =
        options.rw().writes()
            ? new Expectation(known.oldest(), Math.max(known.newest(), generation), true)
            : known.ofAnyBlock();
    allInterrupted = known.open();
    interrupted = known.interrupted().stream().mapToLong(Long::longValue).sorted().toArray();
  }

  /** Begins a pass that writes; returns its number. */
  long beginPass() throws IOException {
    VerifyState before = state;
    long micros = TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis());
    // A clock that was set back must not make the new write look old.
    long next = before == null ? micros : Math.max(micros, before.generation() + 1);
    Expectation base = before == null ? new Expectation(0, 0, false) : before.ofAnyBlock();
    VerifyState begun =
        new VerifyState(
            options.rw(),
            options.blockBytes(),
            options.readPercent(),
            region.startBytes(),
            region.endBytes() - region.startBytes(),
            before == null ? 0 : before.pass() + 1,
            next,
            true,
            region.blocks(),
            List.of(),
            base.oldest(),
            base.newest());
    state = begun;
    expect(begun);
    journal.put(job, begun);
    return begun.pass();
  }

  /**
   * Ends it.
   *
   * @param begun requests that were submitted, in the pass's order
   * @param notDone places in that order of writes that did not complete well
   */
  void endPass(long begun, List<Long> notDone) throws IOException {
    VerifyState before = state;
    if (before != null) {
      VerifyState ended = before.ended(begun, notDone);
      state = ended;
      expect(ended);
      journal.put(job, ended);
    }
  }

  /** Number of the pass to check. */
  long passToCheck() {
    return state == null ? 0 : state.pass();
  }

  /** How many of its requests, in its order, are to be checked. */
  long requestsToCheck() {
    return state == null ? region.blocks() : state.written();
  }

  /** Whether blocks that the pass to check did not write are known to hold something. */
  boolean knowsOthers() {
    return state != null && ofOthers.oldest() > 0;
  }

  /** Puts the pattern of the present pass into a request. */
  void stamp(long address, ByteBuffer view, int bytes, long offset) {
    VerifyStamp.write(address, view, bytes, offset, generation, crc);
  }

  /**
   * Checks a block that was read.
   *
   * @param view of the memory at {@code address}
   * @param offset on the disk
   * @param place in the order of the last pass, or {@link #ELSEWHERE}
   * @return whether it is right
   */
  boolean check(long address, ByteBuffer view, int bytes, long offset, long place) {
    checkedBlocks++;
    Expectation expected = expectation(place);
    return isPlainlyRight(address, view, bytes, offset, expected)
        || isRight(address, view, bytes, offset, expected);
  }

  private Expectation expectation(long place) {
    if (place == ELSEWHERE) {
      return ofOthers;
    }
    if (allInterrupted
        || (interrupted.length > 0 && Arrays.binarySearch(interrupted, place) >= 0)) {
      return ofInterrupted;
    }
    return ofLastPass;
  }

  private boolean isPlainlyRight(
      long address, ByteBuffer view, int bytes, long offset, Expectation expected) {
    long written = VerifyStamp.generation(address);
    boolean right = expected.allows(written);
    for (int at = 0; right && at < bytes; at += VerifyStamp.SECTOR) {
      long sector = address + at;
      right =
          VerifyStamp.isIntact(sector, view, at, crc)
              && VerifyStamp.offset(sector) == offset + at
              && VerifyStamp.generation(sector) == written;
    }
    return right;
  }

  private boolean isRight(
      long address, ByteBuffer view, int bytes, long offset, Expectation expected) {
    if (expected.mayBeUnwritten() && BlockDiagnosis.isBare(address, bytes)) {
      unwrittenBlocks++;
      return true;
    }
    VerifyFailure failure = diagnosis.of(address, view, bytes, offset, expected);
    if (failure == null) {
      return true;
    }
    badBlocks++;
    if (failures.size() < VerifyResult.MAX_FAILURES) {
      failures.add(failure);
    }
    return false;
  }

  long badBlocks() {
    return badBlocks;
  }

  /** What was proved; for the thread that joined the job's. */
  VerifyResult result() {
    return new VerifyResult(checkedBlocks, badBlocks, unwrittenBlocks, failures);
  }
}
