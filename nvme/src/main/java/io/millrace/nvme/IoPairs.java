package io.millrace.nvme;

import io.millrace.linux.FileDescriptor;
import io.millrace.nvme.NvmeException.Kind;
import io.millrace.nvme.pci.DmaSpace;
import io.millrace.reactor.Reactor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The I/O queue pairs of a controller: one for each reactor that has work for it. They are made and
 * given back on their reactors; their queues at the controller are the home's affair.
 */
final class IoPairs {
  private static final Logger LOG = LoggerFactory.getLogger(IoPairs.class);

  private static final int CONTIGUOUS = 1; // PC
  private static final int INTERRUPTS = 1 << 1; // IEN
  private static final int VECTOR_SHIFT = 16;

  private final String name;
  private final Reactor home;
  private final QueueOwner owner;
  private final ControllerOptions options;
  private final ControllerRegisters registers;
  private final DmaSpace dma;
  private final AdminQueue admin;
  private final List<FileDescriptor> interrupts;
  private final long pageMask;
  private final int entries;

  private final Map<Reactor, IoPair> byReactor = new ConcurrentHashMap<>();
  private final Map<Reactor, TransportStatistics> counts = new ConcurrentHashMap<>();
  private final List<IoPair> pairs = new ArrayList<>(); // home
  private final BitSet ids = new BitSet(); // home
  private final List<ErrorInjection> injections = new ArrayList<>(); // home
  private RetryRule retry = RetryRule.NONE; // home
  private @Nullable ShadowDoorbells shadows; // home
  private volatile int granted;

  IoPairs(
      String name,
      Reactor home,
      QueueOwner owner,
      ControllerOptions options,
      ControllerRegisters registers,
      DmaSpace dma,
      AdminQueue admin,
      List<FileDescriptor> interrupts,
      long pageMask) {
    this.name = name;
    this.home = home;
    this.owner = owner;
    this.options = options;
    this.registers = registers;
    this.dma = dma;
    this.admin = admin;
    this.interrupts = interrupts;
    this.pageMask = pageMask;
    this.entries = Math.min(options.queueEntries(), registers.maxEntries());
    ids.set(0);
  }

  /** What the controller granted, from now on. */
  void granted(int count, RetryRule rule, @Nullable ShadowDoorbells doorbells) {
    granted = count;
    retry = rule;
    shadows = doorbells;
  }

  int granted() {
    return granted;
  }

  /**
   * The reactor's pair, made if it is the first user's. Requests may be submitted at once. Runs on
   * that reactor.
   */
  QueuePair acquire(Reactor reactor) throws NvmeException {
    IoPair io = byReactor.get(reactor);
    if (io == null) {
      if (byReactor.size() >= granted) {
        throw new NvmeException(
            Kind.UNSUPPORTED,
            name
                + ": the controller has "
                + granted
                + " I/O queue pairs and all are in use; let fewer reactors serve its disks");
      }
      QueuePair pair =
          new QueuePair(
              name + " on " + reactor.name(),
              reactor,
              owner,
              entries - 1,
              options.timeout().toNanos(),
              counts.computeIfAbsent(reactor, first -> new TransportStatistics()));
      IoPair made = new IoPair(pair);
      io = made;
      byReactor.put(reactor, made);
      home.execute(() -> joined(made));
    }
    io.users++;
    return io.pair;
  }

  /** The reactors that have a pair. Any thread. */
  Set<Reactor> reactors() {
    return Set.copyOf(byReactor.keySet());
  }

  /** What pairs did on each reactor, also on one that has none any more. Any thread. */
  Map<Reactor, TransportStatistics> statistics() {
    return Map.copyOf(counts);
  }

  /** Gives the reactor's pair back, with nothing of the caller's in it. Runs on that reactor. */
  void release(Reactor reactor) {
    IoPair io = byReactor.get(reactor);
    if (io != null && --io.users == 0) {
      byReactor.remove(reactor);
      io.close();
      home.execute(() -> left(io));
    }
  }

  private void joined(IoPair io) {
    pairs.add(io);
    List<ErrorInjection> injected = List.copyOf(injections);
    onItsReactor(io, pair -> injected.forEach(one -> pair.inject(one, one.opcode())));
    if (owner.takesQueues()) {
      var _ =
          create(io)
              .exceptionally(e -> {
                refused(io, e);
                return null;
              });
    } else if (owner.isLost()) {
      onItsReactor(io, pair -> pair.kill(NvmeStatus.INTERNAL_PATH_ERROR));
    }
  }

  private void refused(IoPair io, Throwable e) {
    if (owner.takesQueues()) { // else it is being reset, and made again after that
      LOG.error("{}: no queue pair: {}", io.pair, NvmeException.cause(e).getMessage());
      onItsReactor(io, pair -> pair.kill(NvmeStatus.INTERNAL_PATH_ERROR));
    }
  }

  private void left(IoPair io) {
    io.leaving = true;
    pairs.remove(io);
    var _ = io.made.whenComplete((made, e) -> delete(io)); // not while they are being made
  }

  private void delete(IoPair io) {
    if (io.id == IoPair.NO_ID || !owner.takesQueues()) {
      forget(io); // a controller that is stopped uses no memory
      return;
    }
    var _ =
        admin
            .send(NvmeCommand.of(Opcode.DELETE_SQ, 0).dwords(io.id))
            .thenCompose(sq -> admin.send(NvmeCommand.of(Opcode.DELETE_CQ, 0).dwords(io.id)))
            .thenAccept(cq -> forget(io));
  }

  private void forget(IoPair io) {
    io.free();
    if (io.id != IoPair.NO_ID) {
      ids.clear(io.id);
      io.id = IoPair.NO_ID;
    }
  }

  /** Makes the queues of every pair at a controller that has just started. */
  CompletableFuture<@Nullable Void> createAll() {
    CompletableFuture<@Nullable Void> last = BringUp.done();
    for (IoPair io : List.copyOf(pairs)) {
      last = last.thenCompose(before -> io.leaving ? BringUp.done() : create(io));
    }
    return last;
  }

  private CompletableFuture<@Nullable Void> create(IoPair io) {
    CompletableFuture<@Nullable Void> made = createQueues(io);
    io.made = made;
    return made;
  }

  private CompletableFuture<@Nullable Void> createQueues(IoPair io) {
    try {
      allocate(io);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(
          new NvmeException(Kind.SYSTEM, name + ": no memory for queues: " + e.getMessage(), e));
    } catch (NvmeException e) {
      return CompletableFuture.failedFuture(e);
    }
    QueueRings rings = io.rings;
    if (rings == null) {
      return BringUp.done();
    }
    rings.reset();
    int id = io.id;
    ShadowDoorbells doorbells = shadows;
    if (doorbells != null) {
      doorbells.use(rings, id); // first: a controller that has the queues may look there at once
    }
    int size = (rings.entries() - 1) << 16 | id;
    int vector = vector(id);
    int interrupt = vector < 0 ? 0 : vector << VECTOR_SHIFT | INTERRUPTS;
    NvmeCommand cq = NvmeCommand.of(Opcode.CREATE_CQ, 0).dwords(size, interrupt | CONTIGUOUS);
    NvmeCommand sq =
        NvmeCommand.of(Opcode.CREATE_SQ, 0).dwords(size, id << VECTOR_SHIFT | CONTIGUOUS);
    return admin
        .require("completion queue " + id, admin.send(cq, rings.completionsIova(), 4))
        .thenCompose(made ->
            admin.require("submission queue " + id, admin.send(sq, rings.submissionsIova(), 4)))
        .<@Nullable Void>thenApply(made -> {
          attach(io, rings, vector);
          return null;
        });
  }

  private void allocate(IoPair io) throws IOException, NvmeException {
    if (io.id == IoPair.NO_ID) {
      int id = ids.nextClearBit(1);
      if (id > granted || !registers.holdsDoorbells(id)) {
        throw new NvmeException(
            Kind.UNSUPPORTED, name + ": the controller has " + granted + " I/O queue pairs only");
      }
      ids.set(id);
      io.id = id;
    }
    if (io.rings == null) {
      io.rings =
          new QueueRings(
              dma.allocate(QueueRings.bytes(entries)),
              entries,
              registers.raw(),
              (int) registers.doorbell(io.id),
              registers.doorbellStride());
      io.lists = dma.allocate(QueuePair.listBytes(entries - 1));
    }
  }

  /** The interrupt vector of a queue, or -1. The admin queue has the first to itself, if it can. */
  private int vector(int id) {
    int count = interrupts.size();
    return count < 2 ? count - 1 : 1 + (id - 1) % (count - 1);
  }

  private void attach(IoPair io, QueueRings rings, int vector) {
    var lists = io.lists;
    RetryRule rule = retry;
    int id = io.id;
    if (lists == null) {
      return; // it has left meanwhile
    }
    onItsReactor(
        io,
        pair -> {
          if (io.isClosed()) {
            return;
          }
          io.watch(vector < 0 ? null : interrupts.get(vector));
          pair.attach(id, rings, lists, pageMask, rule, vector >= 0);
        });
  }

  /** Injects errors into every pair, those that come later too; see {@link QueuePair#inject}. */
  void inject(@Nullable ErrorInjection injection, int opcode) {
    injections.removeIf(other -> other.opcode() == opcode);
    if (injection != null) {
      injections.add(injection);
    }
    var _ = onAll(pair -> pair.inject(injection, opcode));
  }

  /** Runs an action on every pair, each on its reactor; complete on the home when all ran. */
  CompletableFuture<@Nullable Void> onAll(Consumer<QueuePair> action) {
    List<CompletableFuture<@Nullable Void>> all = new ArrayList<>();
    for (IoPair io : List.copyOf(pairs)) {
      CompletableFuture<@Nullable Void> one = new CompletableFuture<>();
      all.add(one);
      boolean sent =
          io.pair
              .reactor()
              .execute(() -> {
                action.accept(io.pair);
                home.execute(() -> one.complete(null));
              });
      if (!sent) {
        one.complete(null); // a reactor that has ended does nothing any more
      }
    }
    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).thenApply(ran -> null);
  }

  private static void onItsReactor(IoPair io, Consumer<QueuePair> action) {
    io.pair.reactor().execute(() -> action.accept(io.pair));
  }

  /** Frees the memory of all pairs: the controller has been stopped for good. */
  void close() {
    pairs.forEach(this::forget);
    pairs.clear();
  }
}
