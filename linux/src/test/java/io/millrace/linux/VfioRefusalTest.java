package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** What a machine without VFIO, and a descriptor of something else, answer. */
class VfioRefusalTest {
  private static final int NO_GROUP = 999_999;

  @Test
  void groupThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> VfioGroup.open(NO_GROUP))
        .hasMessage("open /dev/vfio/999999: ENOENT (No such file or directory)");
  }

  @Test
  void descriptorThatIsNoDeviceIsRefusedAndClosed() throws LinuxException {
    FileDescriptor other = EventFd.create();

    assertThatThrownBy(() -> VfioDevice.of(other, "0000:01:00.0"))
        .hasMessage("ask for what 0000:01:00.0 is: ENOTTY (Inappropriate ioctl for device)");
    assertThat(other).hasToString("closed fd");
  }
}
