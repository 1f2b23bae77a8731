package io.millrace.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.initiator.Frontend;
import io.millrace.initiator.FrontendOptions;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.MemoryFile;
import io.millrace.linux.OpenFlag;
import io.millrace.vhost.user.FrontendMessage;
import io.millrace.vhost.user.MemoryRegion;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory that cannot be served: its front-end loses its session, and one line says why. */
@Timeout(60)
class RefusedMemoryTest {
  private static final int BYTES = 1 << 20;
  private static final int PAGE = 4096;

  private BlkTarget target;
  private Path socket;
  private LogLines log;

  @BeforeEach
  void start() throws Exception {
    target = new BlkTarget(1);
    socket = target.serveMalloc("disk");
    log = new LogLines();
  }

  @AfterEach
  void stop() throws Exception {
    log.close();
    target.close();
  }

  private static FileDescriptor memfd() throws Exception {
    return MemoryFile.create("millrace-refused", BYTES, true);
  }

  private static MemoryRegion region(long bytes, long fileOffset) {
    return new MemoryRegion(0, bytes, 0x10_0000, fileOffset);
  }

  private String refusalOf(MemoryRegion region, FileDescriptor file) throws Exception {
    try (file;
        Frontend frontend = Frontend.connect(socket, FrontendOptions.defaults())) {
      frontend.connection().send(new FrontendMessage.AddMemReg(region), false, List.of(file));
      log.await("closing the session");
      BlkTarget.await("the session is gone", () -> target.sessions("disk") == 0);
      assertThat(Mappings.count(file)).isZero();
    }
    assertThat(log.all()).hasSize(1);
    return log.all().getFirst();
  }

  @Test
  void aFileThatIsOpenForReadingOnly() throws Exception {
    try (FileDescriptor file = memfd()) {
      Path same = Path.of("/proc/self/fd", Integer.toString(file.number()));

      assertThat(refusalOf(region(BYTES, 0), LinuxFiles.open(same, OpenFlag.READ_ONLY)))
          .contains("cannot be mapped for reading and writing", "EACCES", "share=on");
    }
  }

  @Test
  void aFileThatIsSealedAgainstWriting() throws Exception {
    FileDescriptor file = memfd();
    MemoryFile.seal(file, MemoryFile.F_SEAL_WRITE);

    assertThat(refusalOf(region(BYTES, 0), file))
        .contains("cannot be mapped for reading and writing", "EPERM");
  }

  @Test
  void aRegionLongerThanItsFile() throws Exception {
    assertThat(refusalOf(region(BYTES + 1, 0), memfd()))
        .contains("is beyond the end of its file, which has 1048576 bytes");
  }

  @Test
  void aRegionThatBeginsTooLateInItsFile() throws Exception {
    assertThat(refusalOf(region(PAGE, BYTES - PAGE + 1), memfd()))
        .contains("is beyond the end of its file, which has 1048576 bytes");
  }

  @Test
  void anOffsetThatWrapsAround() throws Exception {
    assertThat(refusalOf(region(PAGE, Long.MAX_VALUE - PAGE + 1), memfd()))
        .contains("is empty or wraps around");
  }

  /** As FUSE is, of which a front-end could be the server: sysfs stands for it here. */
  @Test
  void aFileSystemThatCanKeepUsWaiting() throws Exception {
    Path file = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

    assertThat(refusalOf(region(1024, 0), LinuxFiles.open(file, OpenFlag.READ_ONLY)))
        .contains("file system (0x62656572)", "waiting for ever", "memfd, /dev/shm or hugetlbfs");
  }
}
