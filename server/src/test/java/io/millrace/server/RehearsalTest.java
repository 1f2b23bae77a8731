package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.reactor.Reactor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server works on a disk of its own while nobody is there, and leaves nothing of it. */
@Timeout(60)
class RehearsalTest {
  private static final Duration TIME = Duration.ofMillis(500);

  @TempDir private Path dir;

  private Cores cores;

  @BeforeEach
  void start() throws Exception {
    cores = Cores.start(null, false);
  }

  @AfterEach
  void close() throws Exception {
    cores.close();
  }

  @Test
  void requestsArePlayedAndNothingIsLeft() throws Exception {
    Rehearsal rehearsal = new Rehearsal(cores, TIME);
    rehearsal.play(_ -> false);
    long descriptors = openDescriptors();
    Rehearsal again = new Rehearsal(cores, TIME);
    again.play(_ -> false);

    assertThat(rehearsal.requests()).isGreaterThan(1000);
    assertThat(again.requests()).isGreaterThan(1000);
    assertThat(openDescriptors()).isEqualTo(descriptors);
    assertThat(pollers()).isZero();
  }

  @Test
  void whoHasComeIsNotKeptWaiting() throws Exception {
    Rehearsal rehearsal = new Rehearsal(cores, TIME);
    rehearsal.play(_ -> true);
    assertThat(rehearsal.requests()).isZero();

    AtomicInteger asked = new AtomicInteger();
    rehearsal.play(_ -> asked.incrementAndGet() > 2);
    assertThat(asked).hasValue(3);
    long before = rehearsal.requests();
    rehearsal.play(_ -> false);
    assertThat(rehearsal.requests()).as("what was left is played").isGreaterThan(before);
    before = rehearsal.requests();
    rehearsal.play(_ -> false);
    assertThat(rehearsal.requests()).as("and no more").isEqualTo(before);
  }

  /**
   * Somebody waits for the end of the playing, not for what is taken down: also when time is up.
   */
  @Test
  void theEpilogueComesBeforeAnythingIsTakenDown() throws Exception {
    new Rehearsal(cores, TIME).play(_ -> false); // loads what keeps descriptors
    long before = openDescriptors();
    AtomicInteger enough = new AtomicInteger();
    AtomicInteger timeIsUp = new AtomicInteger();

    new Rehearsal(cores, TIME)
        .play(
            requests -> requests > 1000,
            () -> {
              enough.incrementAndGet();
              assertThat(openDescriptors()).isGreaterThan(before);
            });
    new Rehearsal(cores, TIME)
        .play(
            _ -> false,
            () -> {
              timeIsUp.incrementAndGet();
              assertThat(openDescriptors()).isGreaterThan(before);
            });

    assertThat(enough).hasValue(1);
    assertThat(timeIsUp).hasValue(1);
    assertThat(openDescriptors()).isEqualTo(before);
  }

  /** The first guest that sleeps finds the way of a call compiled: without, that was news. */
  @Test
  void itsGuestIsCalledNowAndThen() throws Exception {
    AtomicLong calls = new AtomicLong();
    Rehearsal rehearsal = new Rehearsal(cores, TIME);
    rehearsal.play(requests -> requests > 10_000, () -> calls.set(mostOnAnEventFd()));

    long turns = rehearsal.requests() / RehearsalDriver.DEPTH;
    assertThat(calls.get()).isBetween(turns / 20, turns / 12);
  }

  /** The call's is the one that nobody reads. */
  private static long mostOnAnEventFd() {
    Pattern count = Pattern.compile("(?m)^eventfd-count:\\s*([0-9a-f]+)$");
    try (var files = Files.list(Path.of("/proc/self/fdinfo"))) {
      return files
          .map(RehearsalTest::readIfThere)
          .map(count::matcher)
          .filter(Matcher::find)
          .mapToLong(found -> Long.parseLong(found.group(1), 16))
          .max()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String readIfThere(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return ""; // closed meanwhile
    }
  }

  /** As when the process is stopped for a while: the reactor goes on with what it had. */
  @Test
  void aReactorThatIsLateFindsTheMemoryStillThere() throws Exception {
    Reactor reactor = cores.polling().firstEntry().getValue();
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicInteger asked = new AtomicInteger();
    new Rehearsal(cores, TIME)
        .play(_ -> {
          if (asked.incrementAndGet() == 2) {
            CoresTest.hang(reactor, goOn);
          }
          return asked.get() == 3;
        });

    goOn.countDown();
    while (pollers() > 0) {
      Thread.onSpinWait(); // until the test's deadline
    }
  }

  @Test
  void nobodySeesIt() throws Exception {
    try (ConfiguredServer server = ConfiguredServer.start(dir, null, false)) {
      AtomicInteger asked = new AtomicInteger();
      server
          .target()
          .rehearse(_ -> {
            seesNothing(server);
            return asked.incrementAndGet() == 3;
          });
      assertThat(asked).hasValue(3);
    }
  }

  private static void seesNothing(ConfiguredServer server) {
    try {
      assertThat(server.call("bdev_get_bdevs")).isEmpty();
      assertThat(server.call("vhost_get_controllers")).isEmpty();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void thereIsNoneOnceAFrontEndIsThere() throws Exception {
    try (ConfiguredServer server = ConfiguredServer.start(dir, null, false)) {
      server.call("bdev_null_create", "{'name': 'n', 'block_size': 512, 'num_blocks': 8}");
      server.call("vhost_create_blk_controller", "{'ctrlr': 'vm', 'dev_name': 'n'}");
      try (VirtioBlkDriver _ =
          VirtioBlkDriver.open(dir.resolve("vm"), BlkDriverOptions.defaults())) {
        AtomicInteger asked = new AtomicInteger();
        server.target().rehearse(_ -> asked.incrementAndGet() > 100);
        assertThat(asked).as("looked at once").hasValue(1);
      }
    }
  }

  @Test
  void thereIsNoneBesideScsi() throws Exception {
    try (ConfiguredServer server = ConfiguredServer.start(dir, null, false)) {
      server.call("vhost_create_scsi_controller", "{'ctrlr': 'vm'}");
      AtomicInteger asked = new AtomicInteger();
      server.target().rehearse(_ -> asked.incrementAndGet() > 100);
      assertThat(asked).as("looked at once").hasValue(1);
    }
  }

  @Test
  void thereIsNoneWhereNoneIsWanted() throws Exception {
    Target target = Target.start(ServeOptions.in(dir).withRehearsal(false));
    try {
      target.rehearse(_ -> {
        throw new AssertionError("it is asked whether to end");
      });
    } finally {
      target.stop();
    }
  }

  private int pollers() throws Exception {
    Reactor reactor = cores.polling().firstEntry().getValue();
    CompletableFuture<Integer> count = new CompletableFuture<>();
    reactor.execute(() -> count.complete(reactor.pollers().size()));
    return count.get();
  }

  private static long openDescriptors() {
    try (var names = Files.list(Path.of("/proc/self/fd"))) {
      return names.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
