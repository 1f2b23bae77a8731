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

  private final ControllerRegisters properties;
  private final long registers;
  private final Mapping scratch;
  private final IntConsumer signal = this::signal;
  private volatile List<FileDescriptor> vectors = List.of();
  private volatile boolean silent;
  private volatile boolean gone;

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
      scratch = Mapping.anonymous(1 << ControllerRegisters.PAGE_SHIFT, false);
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
    properties = new ControllerRegisters(this, registers);
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
    int done = properties.step() + stepQueues();
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
    if (!properties.isServing()) {
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

  /** The controller was disabled. */
  void forgetAll() {
    engine.reset();
    events.reset();
    features.reset();
    doorbells.reset();
  }

  int cc() {
    return properties.cc();
  }

  int pageBytes() {
    return 1 << (ControllerRegisters.PAGE_SHIFT + Reg.ccMps(cc()));
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
    properties.stepsToReady = steps;
  }

  /** A shutdown takes so many steps. */
  public void shutdownAfter(int steps) {
    properties.stepsToShutdown = steps;
  }

  /** RDY does not come when enabled. Any thread. */
  public void neverReady(boolean on) {
    properties.neverReady = on;
  }

  /** RDY does not go when disabled. Any thread. */
  public void neverUnready(boolean on) {
    properties.neverUnready = on;
  }

  /** It looks at nothing, and keeps its registers as they are. Any thread. */
  public void silence(boolean on) {
    silent = on;
  }

  /** Controller Fatal Status: it does no more commands until it is disabled. Any thread. */
  public void fatal(boolean on) {
    properties.fatal = on;
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
    properties.powerCycle();
  }

  /**
   * Has it run on a thread of its own, as fast as it can, until the result is closed. Nobody else
   * steps it meanwhile.
   */
  public AutoCloseable runOnThread() {
    return new ModelThread(this);
  }

  /**
   * Whether it is looked after by {@link #spin}: it then sees doorbells as a thread beside its
   * driver has to, and none that has the same value again.
   */
  public void spinning(boolean on) {
    doorbells.threaded(on);
  }

  /**
   * Looks at the queues once as fast as it can, for somebody who does that all the time.
   *
   * @param round counts the calls: rare things are looked at now and then
   * @return 0 if there was nothing to do
   */
  public int spin(int round) {
    if (gone || silent) {
      return step();
    }
    boolean look = round % CHECK_EACH == 0 || !properties.isReady();
    return (look ? properties.step() : 0) + stepQueues();
  }

  @Override
  public void close() {
    scratch.close();
    options.namespaces.forEach(ModelNamespace::close);
  }
}
