package io.millrace.nvme.model;

import io.millrace.linux.RawMemory;

/**
 * The controller's registers but the doorbells (base specification 2.0 §3.1.3), and the way from
 * disabled to ready and to shut down (§3.5). What the host wrote is found by comparing.
 */
final class ControllerRegisters {
  static final int PAGE_SHIFT = 12;

  private static final int QUEUE_SIZE_MASK = 0xfff;
  private static final int SHUTDOWN_NORMAL = 1;
  private static final int CSS_ADMIN_ONLY = 7;
  private static final int CSS_ALL = 6;

  private final ModelController controller;
  private final ModelOptions options;
  private final Violations violations;
  private final long registers;
  private int cc;
  private int csts;
  private int readyIn = -1; // steps until RDY, -1 if not on the way
  private int shutdownIn = -1;
  int stepsToReady;
  int stepsToShutdown;
  volatile boolean neverReady;
  volatile boolean neverUnready;
  volatile boolean fatal;

  ControllerRegisters(ModelController controller, long registers) {
    this.controller = controller;
    options = controller.options;
    violations = controller.violations;
    this.registers = registers;
    showConstants();
  }

  /** CC as the controller last saw it. */
  int cc() {
    return cc;
  }

  boolean isReady() {
    return (csts & Reg.CSTS_RDY) != 0;
  }

  /** Whether commands are looked at. */
  boolean isServing() {
    return isReady() && !fatal && shutdownIn < 0 && (csts & Reg.CSTS_SHST) == 0;
  }

  /** Off and on again: the host has to begin anew. */
  void powerCycle() {
    RawMemory.putInt(registers + Reg.CC, 0);
    cc = 0;
    disable();
    RawMemory.putInt(registers + Reg.CSTS, csts);
  }

  /** Does what was written; 0 if there was nothing. */
  int step() {
    checkConstants();
    int before = csts;
    int wanted = RawMemory.getIntAcquire(registers + Reg.CC);
    int changed = wanted ^ cc;
    cc = wanted;
    if ((changed & Reg.CC_EN) != 0) {
      if ((cc & Reg.CC_EN) != 0) {
        enable();
      } else {
        disable();
      }
    }
    if (Reg.ccShn(changed) != 0 && Reg.ccShn(cc) != 0) {
      csts = (csts & ~Reg.CSTS_SHST) | Reg.SHST_OCCURRING;
      shutdownIn = stepsToShutdown;
    }
    countDown();
    if (fatal) {
      csts |= Reg.CSTS_CFS;
    }
    RawMemory.putIntRelease(registers + Reg.CSTS, csts);
    boolean onTheWay = (readyIn >= 0 && !neverReady) || shutdownIn >= 0;
    return changed != 0 || before != csts || onTheWay ? 1 : 0;
  }

  private void countDown() {
    if (readyIn == 0 && !neverReady) {
      csts |= Reg.CSTS_RDY;
      readyIn = -1;
    } else if (readyIn > 0) {
      readyIn--;
    }
    if ((cc & Reg.CC_EN) == 0 && !neverUnready) {
      csts &= ~Reg.CSTS_RDY;
    }
    if (shutdownIn == 0) {
      csts = (csts & ~Reg.CSTS_SHST) | Reg.SHST_COMPLETE;
      shutdownIn = -1;
      if (Reg.ccShn(cc) == SHUTDOWN_NORMAL) {
        options.namespaces.forEach(ModelNamespace::flush);
      }
    } else if (shutdownIn > 0) {
      shutdownIn--;
    }
  }

  private void enable() {
    int aqa = RawMemory.getInt(registers + Reg.AQA);
    long asq = RawMemory.getLong(registers + Reg.ASQ);
    long acq = RawMemory.getLong(registers + Reg.ACQ);
    int submissionSize = (aqa & QUEUE_SIZE_MASK) + 1;
    int completionSize = (aqa >> 16 & QUEUE_SIZE_MASK) + 1;
    String wrong = wrongWith(submissionSize, completionSize, asq | acq);
    if (!wrong.isEmpty()) {
      violations.add(
          "enabled with " + wrong + ": CC %x AQA %x ASQ %x ACQ %x".formatted(cc, aqa, asq, acq));
      csts |= Reg.CSTS_CFS;
      return;
    }
    CompletionQueue completions = new CompletionQueue(0, acq, completionSize, 0);
    controller.engine.add(completions);
    controller.engine.add(new SubmissionQueue(0, asq, submissionSize, completions));
    readyIn = stepsToReady;
  }

  private String wrongWith(int submissionSize, int completionSize, long addresses) {
    if (submissionSize < 2 || completionSize < 2) {
      return "an admin queue of one entry";
    }
    if (Reg.ccMps(cc) < options.mpsMin || Reg.ccMps(cc) > options.mpsMax) {
      return "a page size that is not supported";
    }
    if ((addresses & ((1 << PAGE_SHIFT) - 1)) != 0) {
      return "an admin queue that is not page-aligned";
    }
    int css = Reg.ccCss(cc);
    return css == 0 || css == CSS_ALL || css == CSS_ADMIN_ONLY ? "" : "an unknown command set";
  }

  private void disable() {
    controller.forgetAll();
    readyIn = -1;
    shutdownIn = -1;
    fatal = false;
    csts = neverUnready ? csts & Reg.CSTS_RDY : 0;
  }

  private void showConstants() {
    RawMemory.putLong(registers + Reg.CAP, capabilities());
    RawMemory.putInt(registers + Reg.VS, options.vs);
    RawMemory.putInt(registers + Reg.CRTO, options.crto ? options.crwmt : 0);
  }

  private void checkConstants() {
    if (RawMemory.getLong(registers + Reg.CAP) != capabilities()
        || RawMemory.getInt(registers + Reg.VS) != options.vs
        || RawMemory.getInt(registers + Reg.CSTS) != csts) {
      violations.add("a read-only register was written");
      showConstants();
    }
  }

  private long capabilities() {
    return options.mqes
        | 1L << 16 // queues in one piece
        | (long) options.to << 24
        | (long) options.dstrd << 32
        | 1L << 37 // the NVM command set
        | (long) options.mpsMin << 48
        | (long) options.mpsMax << 52
        | (options.crto ? 1L << 59 : 0);
  }
}
