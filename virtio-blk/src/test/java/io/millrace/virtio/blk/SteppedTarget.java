package io.millrace.virtio.blk;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.MallocBdev;
import io.millrace.bdev.MemoryListener;
import io.millrace.initiator.load.Logback;
import io.millrace.reactor.Reactor;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.FrontendMessageCodec;
import io.millrace.vhost.user.IncomingMessage;
import io.millrace.vhost.user.MessageChannel;
import io.millrace.vhost.user.ReadResult;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.DeviceStatistics;
import io.millrace.vhost.user.server.Placement;
import io.millrace.vhost.user.server.StallWatch;
import io.millrace.vhost.user.server.VhostServer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A block device behind a real socket, on a reactor that its test steps: the same input takes the
 * same way each time. It knows what a session left behind, and what the reactor's guards hid.
 */
final class SteppedTarget implements AutoCloseable {
  static final int DISK_BLOCKS = 64;

  private static final int MOST_ROUNDS = 100;
  private static final long ROUND_NANOS = 1_000;

  final Reactor reactor = Reactor.stepped("stepped");
  final BlkDevice device;
  private final BdevRegistry bdevs = new BdevRegistry();
  private final BdevDescriptor descriptor;
  private final Path folder;
  private final VhostServer server;
  private final Defects defects = new Defects();
  private final MessageChannel bystander;
  private int mappingsBefore;
  private int descriptorsBefore; // all there are
  private List<String> sharedBefore = List.of(); // those of the kinds that front-ends send
  private int regions;
  private long clock;

  /** Nobody touches the disk for its size or its end. */
  static final class Indifferent implements BdevListener {
    @Override
    public void removed() {}

    @Override
    public void resized() {}
  }

  /** What must not be logged whatever a guest or front-end does. */
  private static final class Defects extends AppenderBase<ILoggingEvent> {
    private String first;

    @Override
    protected void append(ILoggingEvent event) {
      String text = event.getFormattedMessage();
      boolean caught = text.contains(" failed: ") || text.contains(" cannot start: ");
      if (first == null && (event.getLevel() == Level.ERROR || caught)) {
        var thrown = event.getThrowableProxy();
        String why = thrown == null ? "" : ": " + thrown.getClassName() + thrown.getMessage();
        first = text + why;
      }
    }
  }

  SteppedTarget() throws Exception {
    Logger root = Logback.logger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.detachAndStopAllAppenders();
    root.setLevel(Level.WARN);
    root.addAppender(defects);
    defects.start();
    bdevs.register(MallocBdev.create("disk", UUID.randomUUID(), 512, 512, DISK_BLOCKS));
    descriptor = bdevs.open("disk", true, new Indifferent());
    bdevs.memory().addListener(new Regions());
    device =
        new BlkDevice(
            "disk",
            descriptor,
            false,
            "S1",
            RingOptions.DEFAULTS,
            new Placement(new BitSet(), List.of(reactor), 0),
            bdevs.memory());
    folder = Files.createTempDirectory("millrace-fuzz");
    Path socket = folder.resolve("s");
    server =
        new VhostServer(
            VhostSocket.listen(socket, null),
            device,
            reactor,
            List.of(reactor),
            new StallWatch(reactor, List.of(reactor)),
            new DeviceStatistics("test"),
            false);
    bystander = connect();
    connect().close();
    awaitNobodyElse();
  }

  /**
   * A front-end is about to come. What is open before the first one stays: the fuzzer opens things
   * of its own until then.
   */
  void begin() {
    if (sharedBefore.isEmpty()) {
      mappingsBefore = mappings();
      descriptorsBefore = descriptors();
      sharedBefore = sharedDescriptors();
    }
  }

  private final class Regions implements MemoryListener {
    @Override
    public void memoryAdded(Bdev bdev, long address, long bytes) {
      regions++;
    }

    @Override
    public void memoryRemoved(Bdev bdev, long address, long bytes) {
      regions--;
    }
  }

  /** A front-end's end of a new connection. */
  MessageChannel connect() throws IOException {
    int before = server.sessions().size();
    MessageChannel connected = MessageChannel.connect(server.path());
    for (int i = 0; i < MOST_ROUNDS && server.sessions().size() == before; i++) {
      step();
    }
    check(server.sessions().size() == before + 1, "a front-end is not let in");
    return connected;
  }

  /** As many rounds as a message needs to go to a queue's reactor and back. */
  void step() {
    step(4, ROUND_NANOS);
  }

  void step(int rounds, long roundNanos) {
    for (int i = 0; i < rounds; i++) {
      clock += roundNanos;
      reactor.runOnce(clock);
    }
  }

  void configChanged() {
    server.configChanged();
  }

  /** Fails unless a session that has just been cut off leaves nothing behind, and hurts nobody. */
  void checkNothingIsLeft() throws Exception {
    awaitNobodyElse();
    check(regions == 0, regions + " memory regions are still registered");
    check(mappings() == mappingsBefore, "memory is still mapped");
    if (descriptors() != descriptorsBefore) { // the JVM may have opened a file of its own
      List<String> now = sharedDescriptors();
      check(now.equals(sharedBefore), "open are " + now + " and not " + sharedBefore);
      descriptorsBefore = descriptors();
    }
    check(defects.first == null, defects.first);
    checkBystander();
  }

  private void awaitNobodyElse() {
    for (int i = 0; i < MOST_ROUNDS; i++) {
      if (server.sessions().size() == 1 && regions == 0) {
        return;
      }
      step();
    }
    throw new AssertionError("a session does not end");
  }

  private void checkBystander() throws Exception {
    bystander.send(
        FrontendMessageCodec.encode(new FrontendMessage.GetFeatures(), false), List.of());
    for (int i = 0; i < MOST_ROUNDS; i++) {
      step();
      if (bystander.read() instanceof ReadResult.Complete complete) {
        try (IncomingMessage answer = complete.message()) {
          long features = answer.payload().getLong();
          check((features & device.features()) == device.features(), "other features");
          return;
        }
      }
    }
    throw new AssertionError("another front-end is not answered any more");
  }

  static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  private static int descriptors() {
    String[] all = new File("/proc/self/fd").list();
    return all == null ? -1 : all.length;
  }

  private static List<String> sharedDescriptors() {
    return Stream.of(new File("/proc/self/fd").list())
        .map(number -> kind(Path.of("/proc/self/fd", number)))
        .filter(kind -> !kind.isEmpty())
        .sorted()
        .toList();
  }

  /** Which of the kinds that front-ends send; empty for any other. */
  private static String kind(Path descriptor) {
    try {
      String to = Files.readSymbolicLink(descriptor).toString();
      return Stream.of("memfd", "socket", "eventfd").filter(to::contains).findFirst().orElse("");
    } catch (IOException e) {
      return ""; // the one that lists them
    }
  }

  private static int mappings() {
    try {
      String maps = Files.readString(Path.of("/proc/self/maps"));
      int count = 0;
      for (int at = maps.indexOf("/memfd:"); at >= 0; at = maps.indexOf("/memfd:", at + 1)) {
        count++;
      }
      return count;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    bystander.close();
    boolean[] closed = {false};
    server.close(() -> closed[0] = true);
    for (int i = 0; i < MOST_ROUNDS && !closed[0]; i++) {
      step();
    }
    check(closed[0], "the server does not close");
    descriptor.close();
    bdevs.removeAll();
    reactor.close();
    Files.delete(folder);
  }
}
