package io.millrace.nvme.qtest;

import io.millrace.linux.FileStatus;
import io.millrace.linux.LinuxFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * The files that are the emulated machine's memory, and where in its address space each begins.
 *
 * @param path the file
 * @param device of the file, as {@link FileStatus#device}
 * @param inode of the file
 * @param physical address in the emulated machine of the file's first byte
 * @param bytes how much of the file the machine has
 */
record MachineMemory(Path path, long device, long inode, long physical, long bytes) {
  // What of the main memory lies below the hole for devices, whatever the machine: pc and q35 put
  // more than this elsewhere. Nobody needs that much.
  private static final long MOST_MAIN_BYTES = 1L << 31;

  /** Whether this file has {@code bytes} from {@code offset} on. */
  boolean holds(ProcMaps.Place place, long length) {
    return place.device() == device && place.inode() == inode && place.offset() <= bytes - length;
  }

  /** Asks QEMU: the main memory first, then what is plugged in ({@code -device pc-dimm}). */
  static List<MachineMemory> ask(QmpQuestions qmp) throws IOException {
    String main = qmp.property("/machine", "memory-backend").asString("");
    if (!isSharedFile(qmp, main)) {
      throw new IOException(
          qmp
              + ": the machine's memory \""
              + main
              + "\" is no shared file; start QEMU with -object"
              + " memory-backend-file,id=mem,share=on,mem-path=/dev/shm/FILE,size=64M"
              + " -machine q35,memory-backend=mem -m 64M");
    }
    List<MachineMemory> all = new ArrayList<>();
    all.add(of(qmp, main, 0, MOST_MAIN_BYTES));
    for (JsonNode device : qmp.memoryDevices()) {
      JsonNode data = device.path("data");
      String backend = data.path("memdev").asString("");
      if (isSharedFile(qmp, backend)) { // other memory is nobody else's
        all.add(of(qmp, backend, data.path("addr").asLong(0), Long.MAX_VALUE));
      }
    }
    return List.copyOf(all);
  }

  private static boolean isSharedFile(QmpQuestions qmp, String backend) throws IOException {
    return qmp.property(backend, "type").asString("").equals("memory-backend-file")
        && qmp.property(backend, "share").asBoolean(false);
  }

  private static MachineMemory of(QmpQuestions qmp, String backend, long physical, long most)
      throws IOException {
    Path path = Path.of(qmp.property(backend, "mem-path").asString(""));
    if (!path.isAbsolute() || LinuxFiles.status(path).kind() != FileStatus.Kind.REGULAR) {
      throw new IOException(
          "%s: memory %s is \"%s\"; give mem-path= an absolute path of a plain file"
              .formatted(qmp, backend, path));
    }
    FileStatus status = LinuxFiles.status(path);
    long bytes = Math.min(qmp.property(backend, "size").asLong(0), most);
    return new MachineMemory(path, status.device(), status.inode(), physical, bytes);
  }
}
