package io.millrace.initiator.bdev;

import io.millrace.initiator.Frontend;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.initiator.ScsiCompletion;
import io.millrace.initiator.ScsiCondition;
import io.millrace.initiator.ScsiDriverOptions;
import io.millrace.initiator.ScsiEventSeen;
import io.millrace.initiator.ScsiRequestQueue;
import io.millrace.initiator.ScsiResult;
import io.millrace.initiator.ScsiUnit;
import io.millrace.initiator.VirtioScsi;
import io.millrace.initiator.VirtioScsiDriver;
import io.millrace.reactor.FdWatch;
import io.millrace.reactor.Reactor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A session with a SCSI controller, which the disks of its units share. Of its request queues the
 * first is for commands outside of channels; a controller with one alone is refused. Control
 * thread; waits for the other process only while it is opened and closed.
 */
final class ScsiSession {
  private static final int COMMANDS = 0;
  private static final int PAGE = 4096;
  private static final byte[] TEST_UNIT_READY = new byte[6];

  /** Most events of one look: the other process may have no end of them. */
  private static final int EVENTS = 16;

  private final VirtioScsiDriver driver;
  private final QueuePool queues;
  private final ScsiRequestQueue commands;
  private final List<ScsiDisk> disks = new ArrayList<>(); // by token of their commands
  private final List<FdWatch> calls = new ArrayList<>();
  private final ScsiCompletion answered = this::answered;
  private int open;
  private volatile @Nullable Reactor control; // once somebody follows

  private ScsiSession(VirtioScsiDriver driver, int queues) {
    this.driver = driver;
    this.queues = new QueuePool(driver.memory(), COMMANDS + 1, queues);
    commands = driver.queue(COMMANDS);
  }

  /**
   * Connects to a controller.
   *
   * @param queues for channels
   */
  static ScsiSession open(Path socket, int queues) throws InitiatorException {
    FrontendOptions options = FrontendOptions.defaults();
    Frontend frontend = Frontend.connect(socket, options);
    int has = Math.max(0, frontend.maxQueues() - VirtioScsi.FIRST_REQUEST_QUEUE);
    if (has < queues + 1) {
      frontend.close();
      throw new InitiatorException(
          Kind.UNSUPPORTED,
          "%s has %d request queues; %d are needed, one of them for commands about its units"
              .formatted(socket, has, queues + 1));
    }
    ScsiDriverOptions driven =
        new ScsiDriverOptions(
            options,
            queues + 1,
            VhostUserChannel.QUEUE_SIZE,
            VhostUserChannel.DEPTH,
            0,
            QueuePool.memoryBytes(queues) + PAGE,
            true);
    return new ScsiSession(VirtioScsiDriver.over(frontend, driven), queues);
  }

  /**
   * A unit of the controller. Waits for its answers.
   *
   * @throws InitiatorException REFUSED when it is not there or no disk
   */
  ScsiDisk disk(int target, int lun) throws InitiatorException {
    long address = VirtioScsi.lun(target, lun);
    String name =
        "%s target %d LUN %d".formatted(driver.frontend().connection().name(), target, lun);
    ScsiUnit unit = ScsiUnit.ask(driver, address, name);
    long answer = driver.memory().allocate(ScsiUnit.CAPACITY_BYTES, ScsiUnit.CAPACITY_BYTES);
    ScsiDisk disk = new ScsiDisk(this, address, unit, answer, disks.size());
    disks.add(disk);
    open++;
    return disk;
  }

  /** Whether there is such a unit, of whatever kind. Waits for its answer. */
  boolean hasUnit(int target, int lun) throws InitiatorException {
    ScsiResult result =
        driver.read(VirtioScsi.lun(target, lun), TEST_UNIT_READY, 0, ScsiUnit.PATIENCE);
    return result.response() == VirtioScsi.S_OK && result.code() != ScsiCondition.NO_UNIT;
  }

  QueuePool queues() {
    return queues;
  }

  ScsiRequestQueue queue(int index) {
    return driver.queue(index);
  }

  int socketDescriptor() {
    return driver.frontend().connection().descriptorNumber();
  }

  /** Looks for events, and asks those that want it, from now on. */
  void follow(Reactor reactor) {
    if (control == null) {
      control = reactor;
      calls.add(reactor.watchEdges(driver.eventDescriptor(), this::look));
      calls.add(reactor.watchEdges(commands.events().call().number(), this::look));
    }
    look();
  }

  /** Has {@link #look} called soon; any thread. */
  void lookSoon() {
    Reactor reactor = control;
    if (reactor != null) {
      reactor.execute(this::look);
    }
  }

  private void look() {
    if (calls.isEmpty()) {
      return; // over, and this came late
    }
    Optional<ScsiEventSeen> event = driver.pollEvent();
    for (int i = 1; event.isPresent(); i++) {
      told(event.get());
      event = i < EVENTS ? driver.pollEvent() : Optional.empty();
    }
    commands.poll(answered);
    for (ScsiDisk disk : disks) {
      if (commands.inFlightCount() < commands.depth()) {
        disk.askIfWanted(commands);
      }
    }
    commands.kick();
    if (driver.hasBrokenEvents() || commands.isBroken()) {
      stopFollowing(); // channels see for themselves
    } else if (!driver.enableEventCalls() || !commands.ring().enableCalls()) {
      lookSoon();
    }
  }

  private void told(ScsiEventSeen seen) {
    int event = seen.event() & ~VirtioScsi.EVENTS_MISSED;
    boolean missed = event != seen.event();
    for (ScsiDisk disk : disks) {
      boolean meant = disk.isAt(seen.lun());
      if (meant
          && event == VirtioScsi.EVENT_TRANSPORT_RESET
          && seen.reason() == VirtioScsi.REASON_REMOVED) {
        disk.removed();
      } else if (missed
          || (meant
              && event == VirtioScsi.EVENT_PARAMETER_CHANGE
              && seen.reason() == VirtioScsi.REASON_CAPACITY_CHANGED)) {
        disk.wantCapacity();
      }
    }
  }

  private void answered(long token, int response, int status, int slot, long writtenBytes) {
    boolean attention =
        response == VirtioScsi.S_OK
            && status == VirtioScsi.CHECK_CONDITION
            && commands.isAttention(slot);
    boolean good = response == VirtioScsi.S_OK && status == VirtioScsi.GOOD;
    disks.get((int) token).answered(good, attention);
  }

  private void stopFollowing() {
    calls.forEach(FdWatch::close);
    calls.clear();
  }

  /** A disk is closed; with the last one the session ends, on a thread of its own. */
  void closed() {
    open--;
    if (open == 0) {
      stopFollowing();
      DiskDevice.closeSoon(driver::close);
    }
  }

  /** Ends a session without disks, and waits for that. */
  void close() {
    driver.close();
  }
}
