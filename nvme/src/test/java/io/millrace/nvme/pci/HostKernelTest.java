package io.millrace.nvme.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.linux.Errno;
import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.VfioGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is asked of the kernel of this machine, with files of ours and functions that are not there.
 */
class HostKernelTest {
  private static final int NO_GROUP = 999_999;

  @TempDir Path directory;

  private final HostKernel kernel = HostKernel.OF_THIS_MACHINE;

  @Test
  void attributeIsWrittenAsItIsAndNotMade() throws IOException {
    Path attribute = directory.resolve("driver_override");
    Files.writeString(attribute, "??");

    kernel.write(attribute, "ab");

    assertThat(attribute).hasContent("ab");
    assertThatThrownBy(() -> kernel.write(directory.resolve("unbind"), "x"))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void moduleThatDoesNotExistIsNoError() {
    assertThatCode(() -> kernel.loadModule("millrace-no-such-module")).doesNotThrowAnyException();
  }

  @Test
  void deviceIsOpenedWhileItIsClaimed() throws IOException {
    Path device = Files.createFile(directory.resolve("nvme0n1"));

    try (FileDescriptor claim = kernel.claim(device)) {
      assertThat(claim.number()).isNotNegative();
    }
  }

  @Test
  void groupThatIsNotThereCannotBeTaken() {
    assertThatThrownBy(() -> VfioGroups.take(NO_GROUP))
        .isInstanceOfSatisfying(
            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
        .hasMessageStartingWith("open " + VfioGroup.file(NO_GROUP));
  }

  @Test
  void functionThatIsNotThereCannotBeOpened() {
    assertThatThrownBy(() -> VfioPciDevice.open(PciAddress.parse("ffff:ff:1f.7")))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("there is no PCI function ffff:ff:1f.7");
  }
}
