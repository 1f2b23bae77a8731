package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.initiator.BlkDriverOptions;
import io.millrace.initiator.DirtyPages;
import io.millrace.initiator.Frontend;
import io.millrace.initiator.FrontendConnection.Answer;
import io.millrace.initiator.FrontendOptions;
import io.millrace.initiator.GuestMemory;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.VirtioBlk;
import io.millrace.initiator.VirtioBlkDriver;
import io.millrace.linux.EventFd;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.LogArea;
import io.millrace.vhost.user.ProtocolFeature;
import io.millrace.vhost.user.Reply;
import io.millrace.vhost.user.VringMessage;
import io.millrace.virtqueue.VirtioFeature;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a front-end says of a dirty log, right and wrong. */
@Timeout(60)
class DirtyLogMessagesTest {
  private static final long LOG_ALL = 1L << ProtocolFeature.LOG_ALL_VIRTIO_BIT;
  private static final long GUEST_END = GuestMemory.DEFAULT_GUEST_ADDRESS + (64 << 20);

  private BlkTarget target;
  private Path socket;
  private VirtioBlkDriver driver;
  private Frontend frontend;
  private DirtyPages pages;
  private LogLines log;
  private long buffer;

  @BeforeEach
  void start() throws Exception {
    log = new LogLines();
    target = new BlkTarget(1);
    socket = target.serveMalloc("disk");
    open(FrontendOptions.defaults());
    pages = DirtyPages.create(GUEST_END);
  }

  @AfterEach
  void stop() throws Exception {
    driver.close();
    pages.close();
    target.close();
    log.close();
  }

  private void open(FrontendOptions options) throws Exception {
    driver = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults().withFrontend(options));
    frontend = driver.frontend();
    buffer = driver.memory().allocate(4096, 4096);
  }

  private void reopen(Set<ProtocolFeature> protocolFeatures) throws Exception {
    driver.close();
    open(FrontendOptions.defaults().withProtocolFeatures(protocolFeatures));
  }

  private int read() throws Exception {
    return driver.run(VirtioBlk.T_IN, 0, buffer, 4096, BlkTarget.DEADLINE_NANOS);
  }

  private int bufferPage() {
    return (int) (driver.memory().guest(buffer) >> 12);
  }

  private boolean marksTheBuffer() throws Exception {
    pages.take();
    assertThat(read()).isEqualTo(VirtioBlk.S_OK);
    return pages.take().get(bufferPage());
  }

  /** The session goes on as it was, and said why it refused; pages are not logged. */
  private void refused(String why) throws Exception {
    log.await(why);
    assertThat(log.all()).hasSize(1).first().asString().endsWith("refused").doesNotContain("\n");
    assertThat(marksTheBuffer()).isFalse();
  }

  @Test
  void aDeviceOffersToLog() {
    assertThat(frontend.offeredFeatures() & LOG_ALL).isEqualTo(LOG_ALL);
    assertThat(frontend.has(ProtocolFeature.LOG_SHMFD)).isTrue();
  }

  @Test
  void theLogIsSwitchedOnAndOffWhileTheRingRuns() throws Exception {
    pages.giveTo(frontend);
    assertThat(marksTheBuffer()).isFalse();
    for (int i = 0; i < 20; i++) {
      frontend.logging(true);
      assertThat(marksTheBuffer()).isTrue();
      frontend.logging(false);
      assertThat(marksTheBuffer()).isFalse();
    }
  }

  @Test
  void anotherLogTakesTheFirstOnesPlaceAtOnce() throws Exception {
    pages.giveTo(frontend);
    frontend.logging(true);
    try (DirtyPages second = DirtyPages.create(GUEST_END)) {
      second.giveTo(frontend);
      pages.take();
      assertThat(read()).isEqualTo(VirtioBlk.S_OK);

      assertThat(second.take().get(bufferPage())).isTrue();
      assertThat(pages.take()).isEqualTo(new BitSet());
      pages.giveTo(frontend);
      assertThat(marksTheBuffer()).isTrue();
    }
  }

  @Test
  void theLogMayBeAPartOfItsFile() throws Exception {
    try (DirtyPages large = DirtyPages.create(1 << 20, true)) {
      int offset = 4096 + 512;
      frontend.giveLog(new LogArea((1 << 20) - offset, offset), large.file());
      frontend.logging(true);
      assertThat(read()).isEqualTo(VirtioBlk.S_OK);

      assertThat(large.take().get(bufferPage() + offset * 8)).isTrue();
    }
  }

  @Test
  void buffersAreLoggedByTheFeatureAndRingsByTheirFlag() throws Exception {
    pages.giveTo(frontend);
    int used = (int) (driver.memory().guest(driver.queue(0).ring().layout().used()) >> 12);
    frontend.tell(new FrontendMessage.SetFeatures(frontend.features() | LOG_ALL));
    pages.take();
    assertThat(read()).isEqualTo(VirtioBlk.S_OK);
    BitSet marked = pages.take();
    assertThat(marked.get(bufferPage())).isTrue();
    assertThat(marked.get(used)).isFalse();

    frontend.logging(true);
    frontend.tell(new FrontendMessage.SetFeatures(frontend.features()));
    pages.take();
    assertThat(read()).isEqualTo(VirtioBlk.S_OK);
    marked = pages.take();
    assertThat(marked.get(bufferPage())).isFalse();
    assertThat(marked.get(used)).isTrue();
  }

  @Test
  void aRingThatIsToLogWaitsForTheLog() throws Exception {
    frontend.stopQueue(0);
    frontend.logging(true);
    frontend.resumeQueue(
        driver.queue(0).events(), driver.queue(0).ring().layout(), driver.queue(0).ring().base());
    driver.queue(0).submit(VirtioBlk.T_IN, 0, buffer, 4096, 1);
    driver.queue(0).kick();
    frontend.barrier();
    assertThat(target.inFlight("disk")).isZero();
    assertThat(driver.queue(0).poll((token, status, bytes) -> {})).isZero();

    pages.giveTo(frontend);
    BlkTarget.await(
        "the request is done", () -> driver.queue(0).poll((token, status, bytes) -> {}) == 1);
    assertThat(pages.take().get(bufferPage())).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "4096, 0, too small",
    "0, 0, is empty or wraps around",
    "-1, 0, is empty or wraps around",
    "65536, -8, is empty or wraps around",
    "9223372036854775807, 8, is empty or wraps around",
    "1099511627776, 0, is beyond the end of its file",
    "40960, 1099511627776, is beyond the end of its file",
    "40960, 4, is not aligned to 8 bytes"
  })
  void aLogThatCannotBeIsRefusedAndTheSessionGoesOn(long size, long offset, String why)
      throws Exception {
    assertThatThrownBy(() -> frontend.giveLog(new LogArea(size, offset), pages.file()))
        .isInstanceOf(InitiatorException.class)
        .hasMessageContaining("refused");
    refused(why);
  }

  @Test
  void aLogThatCannotBeLeavesTheOneThereIs() throws Exception {
    pages.giveTo(frontend);
    frontend.logging(true);
    assertThatThrownBy(() -> frontend.giveLog(new LogArea(8, 0), pages.file()))
        .isInstanceOf(InitiatorException.class);
    assertThat(marksTheBuffer()).isTrue();
  }

  @Test
  void aLogThatCannotBeWrittenIsRefused() throws Exception {
    try (FileDescriptor events = EventFd.create()) {
      assertThatThrownBy(() -> frontend.giveLog(pages.area(), events))
          .isInstanceOf(InitiatorException.class);
    }
    refused("the dirty log of");
  }

  @Test
  void runningRingsCannotBeLoggedWithoutALog() throws Exception {
    assertThatThrownBy(() -> frontend.logging(true))
        .isInstanceOf(InitiatorException.class)
        .hasMessageContaining("refused");
    refused("no log was given");
  }

  @Test
  void aRefusedLogLeavesTheFeaturesAsTheyWere() throws Exception {
    try (Frontend fresh = Frontend.connect(socket, FrontendOptions.defaults());
        GuestMemory memory = GuestMemory.create(4096)) {
      fresh.giveLog(new LogArea(8, 0), pages.file()); // enough as long as there is no memory
      fresh.shareMemory(List.of(memory));
      long packed = VirtioFeature.VERSION_1 | VirtioFeature.RING_PACKED;
      assertThatThrownBy(() -> fresh.tell(new FrontendMessage.SetFeatures(packed | LOG_ALL)))
          .isInstanceOf(InitiatorException.class)
          .hasMessageContaining("refused");

      assertThatThrownBy(() -> fresh.tell(new VringMessage.SetVringNum(0, 100)))
          .isInstanceOf(InitiatorException.class);
      log.await("100 is no power of two"); // which a ring that is not packed has to have
    }
  }

  @Test
  void memoryThatTheLogHasNoBitsForIsNotTakenWhileItIsWritten() throws Exception {
    pages.giveTo(frontend);
    frontend.logging(true);
    try (GuestMemory beyond = GuestMemory.create(4096, GUEST_END + (1L << 30), true)) {
      // An added region has no answer of its own that QEMU would look at.
      assertThatThrownBy(() ->
              frontend.tell(new FrontendMessage.AddMemReg(beyond.region()), List.of(beyond.file())))
          .isInstanceOf(InitiatorException.class);
      log.await("the dirty log is too small");
    }
  }

  @Test
  void withoutAnAcknowledgementABadLogEndsTheSession() throws Exception {
    reopen(EnumSet.of(ProtocolFeature.CONFIG, ProtocolFeature.LOG_SHMFD));
    assertThatThrownBy(() -> frontend.giveLog(new LogArea(8, 0), pages.file()))
        .isInstanceOf(InitiatorException.class);
    log.await("too small: guest memory ends at");
    BlkTarget.await("the session is gone", () -> target.sessions("disk") == 0);
  }

  @Test
  void qemuGetsItsAnswerThoughItAsksForNone() throws Exception {
    FrontendMessage message = new FrontendMessage.SetLogBase(pages.area());
    try (Answer answer = frontend.connection().ask(message, false, List.of(pages.file()))) {
      assertThat(answer.reply()).isEqualTo(Reply.Word.OK);
    }
  }

  @Test
  void aDescriptorForNewsOfTheLogIsTakenAndNotUsed() throws Exception {
    pages.giveTo(frontend);
    try (FileDescriptor news = EventFd.create()) {
      frontend.tell(new FrontendMessage.SetLogFd(), List.of(news));
    }
    frontend.logging(true);
    assertThat(marksTheBuffer()).isTrue();
  }

  @Test
  void aLogThatIsTruncatedEndsItsSessionOnly() throws Exception {
    try (VirtioBlkDriver other = VirtioBlkDriver.open(socket, BlkDriverOptions.defaults());
        DirtyPages weak = DirtyPages.create(pages.area().size(), false)) {
      long theirs = other.memory().allocate(512, 512);
      weak.giveTo(frontend);
      frontend.logging(true);
      LinuxFiles.truncate(weak.file(), 0);
      driver.queue(0).submit(VirtioBlk.T_IN, 0, buffer, 4096, 1);
      driver.queue(0).kick();
      log.await("truncated the memory it shares");
      BlkTarget.await("the session is gone", () -> target.sessions("disk") == 1);

      int status = other.run(VirtioBlk.T_IN, 0, theirs, 512, BlkTarget.DEADLINE_NANOS);
      assertThat(status).isEqualTo(VirtioBlk.S_OK);
    }
  }
}
