package io.millrace.simulation;

import io.millrace.bdev.BdevException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.vhost.user.ByteString;
import io.millrace.vhost.user.ConfigAccess;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.InflightArea;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.vhost.user.Reply;
import io.millrace.vhost.user.VringAddress;
import io.millrace.vhost.user.VringMessage;
import io.millrace.vhost.user.server.ControllerException;
import io.millrace.virtqueue.RingFormat;
import io.millrace.virtqueue.VirtioFeature;
import io.millrace.virtqueue.VringLayout;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Who takes part: a guest, its front-end, a server, and the process that the kernel knows. */
final class World implements AutoCloseable {
  private static final long PROTOCOL =
      ProtocolFeature.mask(
          EnumSet.of(
              ProtocolFeature.MQ,
              ProtocolFeature.REPLY_ACK,
              ProtocolFeature.CONFIG,
              ProtocolFeature.INFLIGHT_SHMFD,
              ProtocolFeature.STATUS));
  private static final int WRITEBACK = 32; // its place in the configuration space
  private static final int DRIVER = 3; // status: ACKNOWLEDGE, DRIVER
  private static final int FEATURES_OK = 11;
  private static final int DRIVER_OK = 15;

  private final Setup setup;
  private final Path image;
  private final Path folder;
  private final Kernel kernel;
  private KernelProcess process;
  private Server server;
  private FrontEnd frontEnd;
  private Guest guest;
  private int lives;
  private long features; // negotiated
  private boolean cacheOff; // what the guest wants
  private long cacheOffSince; // that it knows; NEVER if it does not
  private final Set<Integer> begun = new HashSet<>(); // writes that this life has given the kernel
  private int[] newest; // of them, by queue
  private boolean ordered; // whether that says anything
  private String disorder; // what a server did that it must not

  World(Setup setup, Path image, Path folder, Kernel kernel) {
    this.setup = setup;
    this.image = image;
    this.folder = folder;
    this.kernel = kernel;
  }

  // ---- life -------------------------------------------------------------------------------------

  void powerOn(LongSupplier clock) throws Exception {
    guest = new Guest(setup);
    cacheOff = false;
    cacheOffSince = Request.NEVER;
    startServer();
    connect(clock);
  }

  private void startServer() throws Exception {
    begun.clear();
    newest = new int[setup.queues()];
    ordered = !setup.hangs(); // what waits too long is tried again when others have passed it
    process = kernel.newProcess(this::writeBegins);
    server = new Server(setup, image, socket(++lives), process);
  }

  private Path socket(int life) {
    return folder.resolve(setup.seed() + "-" + life);
  }

  /** The server is dead: what guest and kernel have of it now is what it leaves. */
  void die() {
    process.die();
    guest.remember();
  }

  /** Another server comes up for the same guest. */
  void restart(LongSupplier clock) throws Exception {
    clear();
    guest.restore();
    startServer();
    connect(clock);
  }

  void reconnect(LongSupplier clock) throws Exception {
    ordered = false; // the old session's requests may still have pieces to be written
    frontEnd.close();
    connect(clock);
  }

  /** Server and guest are gone. */
  void lose() throws BdevException, ControllerException {
    clear();
    guest.close();
  }

  private void clear() throws BdevException, ControllerException {
    if (frontEnd != null) {
      frontEnd.close();
    }
    server.clear();
  }

  @Override
  public void close() throws BdevException, ControllerException {
    if (process != null) {
      process.die();
      lose();
    }
  }

  // ---- a session --------------------------------------------------------------------------------

  private void connect(LongSupplier clock) throws Exception {
    frontEnd = new FrontEnd(socket(lives));
    frontEnd.ask(
        new FrontendMessage.GetFeatures(),
        (reply, message) -> {
          features = ((Reply.Word) reply).value() & setup.features();
          negotiate();
          if (cacheOff && cacheOffSince == Request.NEVER) {
            sendCache(clock); // it was lost; what was answered, the in-flight region remembers
          }
          share();
        });
  }

  private void negotiate() {
    frontEnd.ask(new FrontendMessage.GetProtocolFeatures(), (reply, message) -> {});
    frontEnd.say(new FrontendMessage.SetProtocolFeatures(PROTOCOL));
    frontEnd.tell(new FrontendMessage.SetOwner());
    frontEnd.tell(new FrontendMessage.SetStatus(DRIVER));
    frontEnd.tell(new FrontendMessage.SetFeatures(features));
    frontEnd.tell(new FrontendMessage.SetStatus(FEATURES_OK));
  }

  private void share() {
    frontEnd.tell(
        new FrontendMessage.SetMemTable(List.of(guest.memory.region())), guest.memory.file());
    if (guest.inflight == null) {
      frontEnd.ask(
          new FrontendMessage.GetInflightFd(
              new InflightArea(0, 0, setup.queues(), Setup.QUEUE_SIZE)),
          (reply, message) -> {
            guest.keep(((Reply.Inflight) reply).area(), message.takeDescriptors().getFirst());
            startAll();
          });
    } else {
      startAll();
    }
  }

  private void startAll() {
    frontEnd.tell(new FrontendMessage.SetInflightFd(guest.inflight), guest.inflightFile);
    int base = RingFormat.of(features).firstBase(); // of a ring that ran, the region says it
    for (Guest.Queue queue : guest.queues) {
      start(queue, base);
    }
    frontEnd.tell(new FrontendMessage.SetStatus(DRIVER_OK));
  }

  private void start(Guest.Queue queue, int base) {
    int index = queue.index;
    VringLayout ring = queue.ring.layout();
    frontEnd.tell(new VringMessage.SetVringNum(index, ring.size()));
    frontEnd.tell(new VringMessage.SetVringBase(index, base));
    frontEnd.tell(
        new VringMessage.SetVringAddr(
            new VringAddress(index, 0, ring.desc(), ring.used(), ring.avail(), 0)));
    frontEnd.tell(new VringMessage.SetVringCall(index, true), queue.call);
    frontEnd.tell(new VringMessage.SetVringKick(index, true), queue.kick);
    frontEnd.tell(new VringMessage.SetVringEnable(index, true));
  }

  void remove() throws BdevException {
    server.remove();
  }

  void stopAndStart(int index) {
    frontEnd.ask(
        new VringMessage.GetVringBase(index),
        (reply, message) -> start(guest.queues.get(index), ((Reply.Vring) reply).state().number()));
  }

  /** Switches the cache, if the guest can. */
  void cache(boolean on, LongSupplier clock) {
    if (has(VirtioBlk.F_CONFIG_WCE)) {
      cacheOff = !on;
      if (on) {
        cacheOffSince = Request.NEVER;
      }
      sendCache(clock);
    }
  }

  private void sendCache(LongSupplier clock) {
    byte[] value = {(byte) (cacheOff ? 0 : 1)};
    boolean off = cacheOff;
    frontEnd.tell(
        new FrontendMessage.SetConfig(
            new ConfigAccess(WRITEBACK, ConfigAccess.WRITABLE, ByteString.of(value))));
    frontEnd.then(() -> {
      if (off && cacheOff) {
        cacheOffSince = Math.min(cacheOffSince, clock.getAsLong());
      }
    });
  }

  boolean has(long feature) {
    return VirtioFeature.has(features, feature);
  }

  // ---- what happens -----------------------------------------------------------------------------

  void round(long now) {
    server.round(now);
    if (disorder != null) {
      throw new Violation(disorder);
    }
  }

  void goOn() throws Exception {
    frontEnd.goOn();
  }

  /** Whether all messages are answered. */
  boolean isSettled() {
    return frontEnd.isIdle();
  }

  boolean hasRoom(int queue) {
    return guest.queues.get(queue).hasRoom();
  }

  void submit(Request request) {
    guest.submit(request);
  }

  void poll(Consumer<Request> answered) {
    for (Guest.Queue queue : guest.queues) {
      guest.poll(queue, answered);
    }
  }

  List<Request> inFlight() {
    return guest.inFlight();
  }

  /** What the server and its kernel are at, for people. */
  String server() {
    return server + "; kernel: " + process;
  }

  boolean sawLoss() {
    return process.sawLoss();
  }

  /** Whether the guest knew, when it sent a request, that acknowledged writes are durable. */
  boolean isPromised(Request request) {
    return setup.writeThrough() || !has(VirtioBlk.F_FLUSH) || cacheOffSince < request.invoked;
  }

  /** What a server finds in flight it does again in the old order, and before anything new. */
  private void writeBegins(int id) {
    int queue = guest.queueOf(id);
    if (queue < 0) {
      disorder = "#" + id + " goes to the storage, and is not in flight";
    } else if (ordered && begun.add(id)) {
      if (id < newest[queue]) {
        disorder =
            "#%d of queue %d goes to the storage after #%d, which came later"
                .formatted(id, queue, newest[queue]);
      }
      newest[queue] = id;
    }
  }
}
