package io.millrace.nvme.model;

import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * The controller behind a {@link ModelDevice}. It does something only in {@link #step}; all methods
 * belong to the thread that calls that, but for those that say otherwise.
 */
public final class ModelController implements AutoCloseable {
  private static final int CHECK_EACH =
      1024; // rounds of its own thread between looks at rare things
  private static final int ASQ_MASK = 0xfff;
  private static final int PAGE_SHIFT = 12;
  private static final int SHUTDOWN_NORMAL = 1;
  private static final int CSS_ADMIN_ONLY = 7;
  private static final int CSS_ALL = 6;

  final ModelOptions options;
  final ModelDma dma;
  final Violations violations = new Violations();
  final Script script = new Script();
  final ErrorLog errors;
  final LogPages logs;
  final AsyncEvents events;
  final Features features;
  final IdentifyData identify;
  final DataPointer data;
  final Doorbells doorbells;
  final QueueEngine engine;

  private final long registers;
  private final Mapping scratch;
  private final IntConsumer signal = this::signal;
  private int cc;
  private int csts;
  private int readyIn = -1; // steps until RDY, -1 if not on the way
  private int shutdownIn = -1;
  private int stepsToReady;
  private int stepsToShutdown;
  private volatile List<FileDescriptor> vectors = List.of();
  private volatile boolean neverReady;
  private volatile boolean neverUnready;
  private volatile boolean silent;
  private volatile boolean gone;
  private volatile boolean fatal;

  ModelController(ModelOptions options, ModelDma dma, long registers) {
    this.options = options;
    this.dma = dma;
    this.registers = registers;
    errors = new ErrorLog(options.elpe + 1);
    logs = new LogPages(options, errors);
    events = new AsyncEvents(options.aerl + 1);
    features = new Features(options);
    identify = new IdentifyData(options);
    data = new DataPointer(dma, violations);
    try {
      scratch = Mapping.anonymous(1 << PAGE_SHIFT, false);
    } catch (LinuxException e) {
      throw new UncheckedIOException(e);
    }
    doorbells = new Doorbells(this, registers, options.ioQueues + 1);
    AdminCommands admin = new AdminCommands(this);
    NvmCommands nvm = new NvmCommands(this, scratch);
    engine =
        new QueueEngine(
            this,
            doorbells,
            command -> command.queue.id == 0 ? admin.execute(command) : nvm.execute(command),
            options.ioQueues + 1);
    doorbells.reset();
    showConstants();
  }

  /**
   * Looks at the registers and queues once, and does what is asked there.
   *
   * @return how much that was: 0 if there was nothing to do
   */
  public int step() {
    if (gone) {
      RawMemory.fill(registers, ModelDevice.registerBytes(options), (byte) -1);
      return 0;
    }
    if (silent) {
      return 0;
    }
    int done = stepRegisters() + stepQueues();
    doorbells.checkOthers(engine);
    return done;
  }

  /** Steps until there is nothing to do; how many completions and changes that made. */
  public int run() {
    int all = 0;
    for (int done = step(); done > 0; done = step()) {
      all += done;
    }
    return all;
  }

  private int stepQueues() {
    if ((csts & Reg.CSTS_RDY) == 0 || fatal || shutdownIn >= 0 || (csts & Reg.CSTS_SHST) != 0) {
      return 0;
    }
    int done = engine.step() + events.report(engine);
    if (done > 0 && !vectors.isEmpty()) {
      engine.eachToSignal(signal);
    }
    return done;
  }

  private void signal(int vector) {
    List<FileDescriptor> descriptors = vectors;
    if (vector < descriptors.size()) {
      EventFd.signal(descriptors.get(vector).number());
    }
  }

  private int stepRegisters() {
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
    int submissionSize = (aqa & ASQ_MASK) + 1;
    int completionSize = (aqa >> 16 & ASQ_MASK) + 1;
    String wrong = wrongWith(submissionSize, completionSize, asq | acq);
    if (!wrong.isEmpty()) {
      violations.add(
          "enabled with " + wrong + ": CC %x AQA %x ASQ %x ACQ %x".formatted(cc, aqa, asq, acq));
      csts |= Reg.CSTS_CFS;
      return;
    }
    CompletionQueue completions = new CompletionQueue(0, acq, completionSize, 0);
    engine.add(completions);
    engine.add(new SubmissionQueue(0, asq, submissionSize, completions));
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
    engine.reset();
    events.reset();
    features.reset();
    doorbells.reset();
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

  int cc() {
    return cc;
  }

  int pageBytes() {
    return 1 << (PAGE_SHIFT + Reg.ccMps(cc));
  }

  boolean isWriteCacheEnabled() {
    return (features.value(Features.VOLATILE_WRITE_CACHE) & 1) != 0;
  }

  /** What the driver did against the specification, or with memory that is not mapped. */
  public List<String> violations() {
    return violations.all();
  }

  /** Which commands it misbehaves with. Any thread. */
  public Script script() {
    return script;
  }

  public ModelNamespace namespace(int id) {
    return options.namespaces.get(id - 1);
  }

  /** A namespace grows or shrinks, which is told to the host. */
  public void resize(int id, long blocks) {
    namespace(id).resize(blocks);
    tellOf(id);
  }

  /** A namespace comes or goes, which is told to the host. */
  public void attach(int id, boolean attached) {
    namespace(id).attach(attached);
    tellOf(id);
  }

  private void tellOf(int id) {
    logs.namespaceChanged(id);
    if ((features.value(Features.ASYNC_EVENTS) & Features.NOTICE_NAMESPACES) != 0) {
      fire(
          AsyncEvents.TYPE_NOTICE,
          AsyncEvents.NAMESPACE_ATTRIBUTE_CHANGED,
          LogPages.CHANGED_NAMESPACES);
    }
  }

  /** An event, reported as soon as a request for one is held. */
  public void fire(int type, int info, int logPage) {
    events.fire(type, info, logPage);
  }

  /** What the health log says from now on. */
  public void health(int criticalWarning, int percentageUsed) {
    logs.health(criticalWarning, percentageUsed);
  }

  /** How many requests for events are held. */
  public int eventRequests() {
    return events.held();
  }

  /** Commands fetched that wait because of {@link Fault#delay} or {@link Fault#drop}. */
  public int waiting() {
    return engine.waiting();
  }

  /** How many doorbell writes were seen. */
  public long doorbellWrites() {
    return doorbells.writes();
  }

  /** Answers Identify with {@code cns} by these bytes, however wrong. Any thread. */
  public void replaceIdentify(int cns, byte[] bytes) {
    identify.replace(cns, bytes);
  }

  /** RDY follows EN so many steps later. */
  public void readyAfter(int steps) {
    stepsToReady = steps;
  }

  /** A shutdown takes so many steps. */
  public void shutdownAfter(int steps) {
    stepsToShutdown = steps;
  }

  /** RDY does not come when enabled. Any thread. */
  public void neverReady(boolean on) {
    neverReady = on;
  }

  /** RDY does not go when disabled. Any thread. */
  public void neverUnready(boolean on) {
    neverUnready = on;
  }

  /** It looks at nothing, and keeps its registers as they are. Any thread. */
  public void silence(boolean on) {
    silent = on;
  }

  /** Controller Fatal Status: it does no more commands until it is disabled. Any thread. */
  public void fatal(boolean on) {
    fatal = on;
  }

  /** Pulled out: registers read as ones from the next step on. For good; see ModelDevice. */
  void pullOut() {
    gone = true;
  }

  void vectors(List<FileDescriptor> descriptors) {
    vectors = descriptors;
  }

  /** What was not durable is lost, and the controller is as if switched on. */
  public void cutPower() {
    options.namespaces.forEach(ModelNamespace::cutPower);
    RawMemory.putInt(registers + Reg.CC, 0);
    cc = 0;
    disable();
    RawMemory.putInt(registers + Reg.CSTS, csts);
  }

  /**
   * Has it run on a thread of its own, as fast as it can, until the result is closed. Nobody else
   * steps it meanwhile.
   */
  public AutoCloseable runOnThread() {
    return new ModelThread(this);
  }

  /** One round of its own thread. */
  int spin(int round) {
    return round % CHECK_EACH == 0 || (csts & Reg.CSTS_RDY) == 0 ? stepThreaded() : stepQueues();
  }

  private int stepThreaded() {
    if (gone || silent) {
      return step();
    }
    return stepRegisters() + stepQueues();
  }

  @Override
  public void close() {
    scratch.close();
    options.namespaces.forEach(ModelNamespace::close);
  }
}
