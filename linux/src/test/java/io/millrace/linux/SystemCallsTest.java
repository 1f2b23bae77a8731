package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Descriptors, mappings, memory files, eventfds and processors: what works and how it fails. */
class SystemCallsTest {
  private static final int UNUSED_FD = 1_000_000;

  @TempDir Path directory;

  @Test
  void closedDescriptorCannotBeUsedAndClosingTwiceDoesNothing() throws Exception {
    FileDescriptor fd = EventFd.create();
    fd.close();
    try (FileDescriptor other = EventFd.create()) { // gets the number that is free again
      fd.close();

      EventFd.signal(other.number());

      assertThat(EventFd.drain(other.number())).isEqualTo(1);
      assertThatThrownBy(fd::number).isInstanceOf(IllegalStateException.class);
      assertThat(fd).hasToString("closed fd");
    }
  }

  @Test
  @Timeout(20)
  void emptyingAnEventFdLetsASignalThatWaitsGoOn() throws Exception {
    try (FileDescriptor fd = EventFd.createSemaphore()) { // a blocking one
      RawMemory.putLong(Syscall.scratch(), -2);
      Syscall.call(Syscall.WRITE, fd.number(), Syscall.scratch(), Long.BYTES);
      assertThat(EventFd.isFull(fd.number())).isTrue();
      Thread signaller = Thread.ofPlatform().start(() -> EventFd.signal(fd.number()));

      do { // of a semaphore a read takes one
        EventFd.empty(fd.number());
      } while (!signaller.join(Duration.ofMillis(10)));
    }
  }

  @Test
  @Timeout(20)
  void emptyingAnEventFdThatIsEmptyDoesNotWait() throws Exception {
    try (FileDescriptor fd = EventFd.createSemaphore()) { // a blocking one
      EventFd.empty(fd.number());

      assertThat(EventFd.isFull(fd.number())).isFalse();
    }
  }

  @Test
  void negativeNumberIsNoDescriptor() {
    assertThatThrownBy(() -> FileDescriptor.own(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void duplicateIsTheSameOpenFileAndOutlivesTheFirst() throws Exception {
    FileDescriptor first = EventFd.create();
    try (FileDescriptor second = first.duplicate()) {
      EventFd.signal(first.number());
      first.close();

      assertThat(EventFd.drain(second.number())).isEqualTo(1);
    }
  }

  @Test
  void duplicatingANumberThatIsNotOpenNamesEbadf() {
    assertThatThrownBy(() -> FileDescriptor.own(UNUSED_FD).duplicate())
        .hasMessage("duplicate fd 1000000: EBADF (Bad file descriptor)")
        .extracting(e -> ((LinuxException) e).errno())
        .isEqualTo(Errno.EBADF);
  }

  @Test
  void timerIsReadableOnceItsTimeIsOverAndNotAfterItWasDrained() throws Exception {
    try (FileDescriptor timer = TimerFd.create()) {
      assertThat(DescriptorPassing.await(timer.number(), false, 0)).isFalse();
      long start = System.nanoTime();

      TimerFd.set(timer, 5_000_000);

      assertThat(DescriptorPassing.await(timer.number(), false, 20_000)).isTrue();
      assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(5_000_000);
      TimerFd.drain(timer);
      assertThat(DescriptorPassing.await(timer.number(), false, 0)).isFalse();
    }
  }

  @Test
  void twoMappingsOfAFileShareItsBytes() throws Exception {
    try (FileDescriptor fd = MemoryFile.create("shared", 8192, false);
        Mapping a = Mapping.map(fd, 0, 8192, true);
        Mapping b = Mapping.map(fd, 4096, 4096, false)) {
      RawMemory.putLong(a.address() + 4096, 42);

      assertThat(RawMemory.getLong(b.address())).isEqualTo(42);
      assertThat(b.size()).isEqualTo(4096);
      assertThat(b.toString()).startsWith("mapping of 4096 bytes at 0x");
    }
  }

  @Test
  void misalignedFileOffsetCannotBeMapped() throws Exception {
    try (FileDescriptor fd = MemoryFile.create("misaligned", 8192, false)) {
      assertThatThrownBy(() -> Mapping.map(fd, 512, 4096, true))
          .hasMessageContaining("mmap of 4096 bytes at 512 of fd")
          .hasMessageContaining("EINVAL");
    }
  }

  @Test
  void anonymousMemoryIsZeroAndClosesOnce() throws Exception {
    Mapping memory = Mapping.anonymous(4 << 20, true);
    memory.doNotDump();

    assertThat(RawMemory.getLong(memory.address() + (4 << 20) - 8)).isZero();
    assertThat(memory.address() % 4096).isZero();

    memory.close();
    memory.close();
  }

  @Test
  void moreMemoryThanThereAreAddressesIsRefused() {
    assertThatThrownBy(() -> Mapping.anonymous(1L << 60, false))
        .hasMessageContaining("ENOMEM (Cannot allocate memory)");
  }

  @Test
  void sealedMemoryFileKeepsItsSize() throws Exception {
    try (FileDescriptor fd = MemoryFile.create("sealed", 4096, true)) {
      assertThat(MemoryFile.seals(fd)).isZero();

      MemoryFile.seal(fd, MemoryFile.F_SEAL_SHRINK | MemoryFile.F_SEAL_GROW);

      assertThat(MemoryFile.seals(fd)).isEqualTo(MemoryFile.F_SEAL_SHRINK | MemoryFile.F_SEAL_GROW);
      assertThatThrownBy(() -> LinuxFiles.truncate(fd, 0)).hasMessageContaining("EPERM");
      assertThatThrownBy(() -> LinuxFiles.truncate(fd, 8192)).hasMessageContaining("EPERM");
    }
  }

  @Test
  void unsealableFilesHaveOnlyTheSealThatSaysSo() throws Exception {
    try (FileDescriptor plain = MemoryFile.create("plain", 4096, false);
        FileDescriptor event = EventFd.create()) {
      assertThat(MemoryFile.seals(plain)).isEqualTo(MemoryFile.F_SEAL_SEAL);
      assertThat(MemoryFile.seals(event)).isZero();
      assertThatThrownBy(() -> MemoryFile.seal(plain, MemoryFile.F_SEAL_SHRINK))
          .hasMessageContaining("EPERM");
    }
  }

  @Test
  void memoryFileOfNegativeSizeIsRefusedAndLeavesNoDescriptor() throws Exception {
    long before = openDescriptors();

    assertThatThrownBy(() -> MemoryFile.create("negative", -1, false))
        .hasMessageContaining("EINVAL");

    assertThat(openDescriptors()).isEqualTo(before);
  }

  @Test
  void signalsAddUpUntilDrained() throws Exception {
    try (FileDescriptor fd = EventFd.create()) {
      EventFd.signal(fd.number());
      EventFd.signal(fd.number());

      assertThat(EventFd.drain(fd.number())).isEqualTo(2);
      assertThat(EventFd.drain(fd.number())).isZero();
    }
  }

  @Test
  @Timeout(20)
  void anAdoptedEventfdThatIsFullBlocksNobody() throws Exception {
    try (FileDescriptor fd = FileDescriptor.own((int) Syscall.call(Syscall.EVENTFD2, 0, 0))) {
      RawMemory.putLong(Syscall.scratch(), -2); // the highest count there is
      Syscall.call(Syscall.WRITE, fd.number(), Syscall.scratch(), Long.BYTES);

      EventFd.adopt(fd);
      EventFd.signal(fd.number());

      assertThat(EventFd.drain(fd.number())).isEqualTo(-2);
    }
  }

  @Test
  void whatIsNoEventfdIsNotAdopted() throws Exception {
    try (FileDescriptor file = MemoryFile.create("no-event", 4096, false)) {
      assertThatThrownBy(() -> EventFd.adopt(file)).hasMessageContaining("EINVAL");
    }
  }

  @Test
  void signallingWhatIsNotOpenIsHarmless() {
    EventFd.signal(UNUSED_FD);

    assertThat(EventFd.drain(UNUSED_FD)).isZero();
  }

  @Test
  void pinnedThreadRunsOnItsProcessorOnly() throws Exception {
    int cpu = Cpu.affinity().nextSetBit(0);
    Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              try {
                Cpu.pinCurrentThread(cpu);
                assertThat(Cpu.affinity().stream()).containsExactly(cpu);
              } catch (LinuxException e) {
                throw new AssertionError(e);
              }
            });
    Throwable[] failure = new Throwable[1];
    thread.setUncaughtExceptionHandler((_, e) -> failure[0] = e);

    thread.join();

    assertThat(failure[0]).isNull();
  }

  @Test
  void processorThatDoesNotExistIsRefused() {
    assertThatThrownBy(() -> Cpu.pinCurrentThread(8191)).hasMessageContaining("cpu 8191: EINVAL");
    assertThatThrownBy(() -> Cpu.pinCurrentThread(8192)).hasMessageContaining("cpu 8192: EINVAL");
    assertThatThrownBy(() -> Cpu.pinCurrentThread(-1)).hasMessageContaining("cpu -1: EINVAL");
  }

  @Test
  void threadHasAnIdAndUsesTime() {
    long before = Cpu.threadCpuNanos();
    long sum = 0;
    for (int i = 0; i < 1_000_000; i++) {
      sum += i ^ sum;
    }

    assertThat(sum).isNotZero();
    assertThat(Cpu.threadCpuNanos()).isGreaterThan(before);
    assertThat(Path.of("/proc/self/task/" + Cpu.threadId())).isDirectory();
  }

  @Test
  void compilersGiveWayAndNobodyElse() throws Exception {
    int usual = niceOf(statOf(Path.of("/proc/self/task/" + Cpu.threadId())));

    Cpu.niceCompilers(1);

    int compilers = 0;
    try (var tasks = Files.list(Path.of("/proc/self/task"))) {
      for (Path task : tasks.toList()) {
        String stat = statOf(task);
        boolean compiles = stat.contains("CompilerThre");
        compilers += compiles ? 1 : 0;
        if (!stat.isEmpty()) {
          assertThat(niceOf(stat)).as(stat).isEqualTo(compiles ? usual + 1 : usual);
        }
      }
    }
    assertThat(compilers).isPositive();
  }

  @Test
  void aThreadGivesWayByMoreThanItDidAndNotBeyondTheEnd() throws Exception {
    List<Integer> nices = new ArrayList<>();
    Thread giving =
        Thread.ofPlatform()
            .start(() -> {
              Path task = Path.of("/proc/self/task/" + Cpu.threadId());
              nices.add(niceOf(statOf(task)));
              for (int nicer : List.of(2, 3, 30)) {
                try {
                  Cpu.giveWay(Cpu.threadId(), nicer);
                } catch (LinuxException e) {
                  throw new IllegalStateException(e);
                }
                nices.add(niceOf(statOf(task)));
              }
            });
    giving.join();

    int usual = nices.getFirst();
    assertThat(nices).containsExactly(usual, usual + 2, usual + 5, 19);
  }

  @Test
  void aThreadThatHasEndedNeedNotGiveWay() throws Exception {
    List<Integer> id = new ArrayList<>();
    Thread ended = Thread.ofPlatform().start(() -> id.add(Cpu.threadId()));
    ended.join();
    Path task = Path.of("/proc/self/task/" + id.getFirst());
    while (Files.exists(task)) {
      Thread.onSpinWait(); // Java's end of a thread comes before the kernel's
    }

    assertThatCode(() -> Cpu.giveWay(id.getFirst(), 1)).doesNotThrowAnyException();
  }

  private static int niceOf(String stat) {
    String behindName = stat.substring(stat.lastIndexOf(')') + 2);
    return Integer.parseInt(behindName.split(" ", -1)[16]); // proc_pid_stat(5), field 19
  }

  /** Empty for a thread that has ended since it was listed. */
  private static String statOf(Path task) {
    try {
      return Files.readString(task.resolve("stat"));
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void numberWithoutANameIsStillTold() {
    LinuxException e = new LinuxException("open x", 530);

    assertThat(e).hasMessage("open x: errno 530");
    assertThat(e.number()).isEqualTo(530);
    assertThat(e.errno()).isEqualTo(Errno.UNKNOWN);
    assertThat(Errno.of(0)).isEqualTo(Errno.UNKNOWN);
    assertThat(Errno.of(134)).isEqualTo(Errno.UNKNOWN);
    assertThat(Errno.of(133)).isEqualTo(Errno.EHWPOISON);
  }

  private static long openDescriptors() throws Exception {
    try (var names = Files.list(Path.of("/proc/self/fd"))) {
      return names.count();
    }
  }
}
