package io.millrace.scsi;

import io.millrace.linux.RawMemory;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A task that is begun again, with another command, each time that it has ended. It notes what no
 * task may do: end without having been begun, or, being ordered, before one that is older.
 */
final class LoadTask extends ScsiTask {
  private static final long NOT_THERE = Long.MAX_VALUE;
  private static final String[] COMMANDS = {
    "28 00 00 00 00 00 00 00 08 00", // READ
    "2a 00 00 00 00 00 00 00 08 00", // WRITE
    "00 00 00 00 00 00",
    "41 00 00 00 00 00 00 02 00 00", // WRITE SAME, in two turns
    "89 00 00 00 00 00 00 00 00 04 00 00 00 01 00 00", // COMPARE AND WRITE
    "2f 00 00 00 00 00 00 02 00 00", // VERIFY
  };

  private final LunPath way;
  private final long memory;
  private final Random random;
  private final AtomicLong clock;
  private final List<LoadTask> ofNexus;
  private final List<String> wrong;
  private volatile long submittedAt = NOT_THERE; // the clock's, when submit had returned
  private long beforeSubmit;
  private boolean inFlight;
  volatile boolean stopping;
  volatile boolean stopped;
  final AtomicLong ends = new AtomicLong();

  LoadTask(
      LunPath way,
      long memory,
      long seed,
      AtomicLong clock,
      List<LoadTask> ofNexus,
      List<String> wrong) {
    this.way = way;
    this.memory = memory;
    this.random = new Random(seed);
    this.clock = clock;
    this.ofNexus = ofNexus;
    this.wrong = wrong;
  }

  /** Begins a command; on the way's reactor. */
  void go() {
    TaskAttribute attribute =
        switch (random.nextInt(12)) {
          case 0 -> TaskAttribute.ORDERED;
          case 1 -> TaskAttribute.HEAD_OF_QUEUE;
          default -> TaskAttribute.SIMPLE;
        };
    SlowRig.fill(this, COMMANDS[random.nextInt(COMMANDS.length)], random.nextInt(8), attribute);
    beforeSubmit = clock.get();
    inFlight = true;
    way.prepare(this);
    int bytes = (int) dataBytes();
    switch (phase()) {
      case BLOCKS -> RawMemory.fill(blocks(), bytes, (byte) 0);
      case TO_DISK, FROM_DISK -> addSegment(memory, bytes);
      case NONE, ANSWER, PARAMETERS -> {}
    }
    way.submit(this);
    if (inFlight) {
      submittedAt = clock.incrementAndGet();
    }
  }

  @Override
  protected void ended() {
    submittedAt = NOT_THERE;
    if (!inFlight) {
      wrong.add("ended and was not begun: " + this);
    }
    inFlight = false;
    ends.incrementAndGet();
    if (attribute() == TaskAttribute.ORDERED && outcome() == Outcome.COMPLETE) {
      for (LoadTask each : ofNexus) {
        if (each.submittedAt <= beforeSubmit) {
          wrong.add("ordered, ended before an older one");
        }
      }
    }
    if (stopping) {
      stopped = true;
    } else {
      way.reactor().execute(this::go);
    }
  }
}
