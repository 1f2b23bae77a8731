package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.millrace.bdev.Bdev;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.MallocBdev;
import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.BlkQueue;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.initiator.load.Logback;
import io.millrace.linux.DescriptorPassing;
import io.millrace.linux.RawMemory;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.MessageChannel;
import io.millrace.vhost.user.VhostSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Front-ends that listen: they are connected to, one after the other. */
@Timeout(60)
class ConnectingTest {
  private static final long WAIT = BlkTarget.DEADLINE_NANOS;
  private static final String REFUSED = "ECONNREFUSED (Connection refused)";
  private static final BlkDriverOptions OPTIONS =
      BlkDriverOptions.defaults()
          .withFrontend(FrontendOptions.defaults().withConnectWithin(Duration.ofSeconds(20)));

  private final Logger logger = Logback.logger("io.millrace.vhost.user.ConnectingSocket");
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @TempDir private Path folder;
  private Path path;
  private BlkTarget target;

  @BeforeEach
  void start() throws Exception {
    path = folder.resolve("vm0.sock");
    target = new BlkTarget(1);
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void stop() throws Exception {
    target.close();
    logger.detachAppender(log);
  }

  private void serve() throws Exception {
    serve(MallocBdev.create("disk", UUID.randomUUID(), 512, 4096, BlkTarget.DISK_BYTES / 512));
  }

  private void serve(Bdev bdev) throws Exception {
    target.onControl(() -> {
      target.bdevs.register(bdev);
      return target.blk.create(
          new BlkControllers.Spec("disk", "disk", false), VhostSocket.connect(path));
    });
  }

  private List<String> logLines() {
    return List.copyOf(log.list).stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void frontEndThatListensIsServedAndSoIsTheNextOneThere() throws Exception {
    try (VhostSocket listener = VhostSocket.listen(path, null)) {
      serve();
      try (VirtioBlkDriver first = VirtioBlkDriver.accept(listener, OPTIONS)) {
        long out = first.memory().allocate(512, 512);
        RawMemory.putLong(out, 0x1122334455667788L);
        assertThat(first.run(VirtioBlk.T_OUT, 9, out, 512, WAIT)).isEqualTo(VirtioBlk.S_OK);
        assertThat(listener.accept()).as("a second connection beside the first").isNull();
      }

      try (VirtioBlkDriver next = VirtioBlkDriver.accept(listener, OPTIONS)) {
        long in = next.memory().allocate(512, 512);
        assertThat(next.run(VirtioBlk.T_IN, 9, in, 512, WAIT)).isEqualTo(VirtioBlk.S_OK);
        assertThat(RawMemory.getLong(in)).isEqualTo(0x1122334455667788L);
      }
    }
    assertThat(target.sessions("disk")).isLessThanOrEqualTo(1);
  }

  @Test
  void frontEndThatListensLateIsFound() throws Exception {
    serve();
    BlkTarget.await("it was tried in vain", () -> !log.list.isEmpty());

    try (VhostSocket listener = VhostSocket.listen(path, null);
        VirtioBlkDriver driver = VirtioBlkDriver.accept(listener, OPTIONS)) {
      long buffer = driver.memory().allocate(512, 512);
      assertThat(driver.run(VirtioBlk.T_IN, 0, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_OK);
    }
  }

  @Test
  void nextConnectionComesWhenNothingOfTheLastIsInFlight() throws Exception {
    RecordingBdev bdev = RecordingBdev.withCache(false);
    bdev.holds = true;
    try (VhostSocket listener = VhostSocket.listen(path, null)) {
      serve(bdev);
      VirtioBlkDriver first = VirtioBlkDriver.accept(listener, OPTIONS);
      BlkQueue queue = first.queue(0);
      queue.submit(VirtioBlk.T_OUT, 0, first.memory().allocate(512, 512), 512, 0);
      queue.kick();
      BlkTarget.await("the write is at the disk", () -> bdev.held.size() == 1);
      first.frontend().close();
      BlkTarget.await("the session is gone", () -> target.sessions("disk") == 0);
      assertThat(DescriptorPassing.await(listener.descriptorNumber(), false, 100))
          .as("a connection after the first pauses")
          .isFalse();

      bdev.holds = false;
      bdev.release(target.reactors.get(0), IoStatus.SUCCESS);

      try (VirtioBlkDriver next = VirtioBlkDriver.accept(listener, OPTIONS)) {
        long buffer = next.memory().allocate(512, 512);
        assertThat(next.run(VirtioBlk.T_IN, 0, buffer, 512, WAIT)).isEqualTo(VirtioBlk.S_OK);
      }
      first.close();
    }
  }

  @Test
  void deletedControllerEndsItsConnectionAndTriesNoMore() throws Exception {
    try (VhostSocket listener = VhostSocket.listen(path, null)) {
      serve();
      try (VirtioBlkDriver driver = VirtioBlkDriver.accept(listener, OPTIONS)) {
        delete();

        assertThatThrownBy(
                () -> driver.frontend().connection().askWord(new FrontendMessage.GetFeatures()))
            .isInstanceOf(InitiatorException.class);
      }
      assertThat(target.controllers.all()).isEmpty();
      assertThat(DescriptorPassing.await(listener.descriptorNumber(), false, 100))
          .as("a connection after the first pause")
          .isFalse();
    }
  }

  @Test
  void controllerThatFoundNobodyIsDeletedToo() throws Exception {
    serve();
    BlkTarget.await("it was tried in vain", () -> !log.list.isEmpty());

    delete();

    assertThat(target.controllers.all()).isEmpty();
  }

  private void delete() throws Exception {
    target
        .onControl(() -> target.controllers.delete("disk").toCompletableFuture())
        .get(WAIT, TimeUnit.NANOSECONDS);
  }

  @Test
  void eachObstacleIsOneLineHoweverOftenItIsTried() throws Exception {
    try (VhostSocket socket = VhostSocket.connect(path)) {
      for (int i = 0; i < 3; i++) {
        assertThat(socket.accept()).isNull();
      }
      VhostSocket.listen(path, null).close();
      Files.createFile(path); // whatever that is, nobody listens
      for (int i = 0; i < 3; i++) {
        assertThat(socket.accept()).isNull();
      }
      Files.delete(path);
      try (VhostSocket listener = VhostSocket.listen(path, null);
          MessageChannel connection = socket.accept()) {
        assertThat(connection).isNotNull();
        assertThat(listener.accept()).isNotNull().satisfies(MessageChannel::close);
      }
      socket.released();
      assertThat(socket.accept()).isNull();
    }

    String none =
        path
            + ": no connection to a front-end there: ENOENT (No such file or directory);"
            + " trying again until there is one";
    assertThat(logLines())
        .containsExactly(none, none.replace("ENOENT (No such file or directory)", REFUSED), none);
  }

  @Test
  void pausesDoubleUpToASecondAlsoWhereConnectionsAreTakenAndDropped() throws Exception {
    try (VhostSocket listener = VhostSocket.listen(path, null);
        VhostSocket socket = VhostSocket.connect(path)) {
      for (long pause : new long[] {0, 10, 20, 40, 80, 160, 320, 640, 1000, 1000}) {
        long start = System.nanoTime();
        assertThat(DescriptorPassing.await(socket.descriptorNumber(), false, 20_000)).isTrue();
        assertThat(System.nanoTime() - start)
            .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(pause) - 1_000_000);
        socket.accept().close();
        listener.accept().close();
        socket.released();
      }
    }
  }

  @Test
  void nameThatCanBeNoSocketsIsRefused() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> VhostSocket.connect(file))
        .isInstanceOf(IOException.class)
        .hasMessage(
            file + ": is there and is not a socket; name the one that the front-end listens on");
    assertThatThrownBy(() -> VhostSocket.connect(folder.resolve("none/vm0.sock")))
        .hasMessageContaining("there is no directory " + folder.resolve("none"));
    assertThatThrownBy(() -> VhostSocket.connect(folder.resolve("n".repeat(107))))
        .hasMessageContaining("a socket's path has at most 106 bytes");
  }

  @Test
  void closedSocketLeavesNothing() throws Exception {
    long before = descriptors();
    VhostSocket socket = VhostSocket.connect(path);
    socket.accept();

    socket.close();
    socket.released();

    assertThat(descriptors()).isEqualTo(before);
  }

  private static long descriptors() throws IOException {
    try (var all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }
}
