package io.millrace.nvme.pci;

import io.millrace.linux.FileDescriptor;
import io.millrace.linux.LinuxException;
import io.millrace.linux.LinuxFiles;
import io.millrace.linux.OpenFlag;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the kernel is asked to do with functions and disks. */
interface HostKernel {
  HostKernel OF_THIS_MACHINE = new OfThisMachine();

  /** Writes an attribute of sysfs; what it stands for is done when this returns. */
  void write(Path attribute, String value) throws IOException;

  /** Loads a module if that can be done; whether it is there is to be seen afterwards. */
  void loadModule(String name);

  /**
   * Opens a block device for this process alone: nobody can mount it, or a partition of it.
   *
   * @throws LinuxException EBUSY when it is mounted or in use by another
   */
  FileDescriptor claim(Path blockDevice) throws LinuxException;

  /** The real one. */
  final class OfThisMachine implements HostKernel {
    private static final Logger LOG = LoggerFactory.getLogger(HostKernel.class);
    private static final String MODPROBE = "/sbin/modprobe";
    private static final long MODPROBE_SECONDS = 30;

    private OfThisMachine() {}

    @Override
    public void write(Path attribute, String value) throws IOException {
      Files.write(attribute, value.getBytes(StandardCharsets.US_ASCII), StandardOpenOption.WRITE);
    }

    @Override
    public void loadModule(String name) {
      if (!Files.isExecutable(Path.of(MODPROBE))) {
        return;
      }
      try {
        Process modprobe =
            new ProcessBuilder(MODPROBE, name)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!modprobe.waitFor(MODPROBE_SECONDS, TimeUnit.SECONDS)) {
          modprobe.destroy();
        }
      } catch (IOException e) {
        LOG.debug("no modprobe", e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public FileDescriptor claim(Path blockDevice) throws LinuxException {
      return LinuxFiles.open(blockDevice, OpenFlag.READ_ONLY, OpenFlag.EXCLUSIVE);
    }
  }
}
