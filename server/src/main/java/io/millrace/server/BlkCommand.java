package io.millrace.server;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code millrace blk}: one disk, with the options that programs which manage guests know of every
 * back-end (QEMU's docs/interop/vhost-user.rst, "Backend program conventions", vhost-user-blk).
 */
@Command(
    name = "blk",
    description =
        "Serves one disk until SIGTERM or SIGINT, by the conventions of a vhost-user back-end"
            + " program.",
    footer = {
      "",
      "Example:",
      "  millrace blk --socket-path=vm0.sock --blk-file=disk.img --read-only"
    })
final class BlkCommand extends ServerCommand {
  private static final String PRINT_CAPABILITIES = "--print-capabilities";

  /** VHostUserBackendCapabilities of vhost-user.json. */
  static final String CAPABILITIES =
      """
      {
        "type": "block",
        "features": [
          "read-only",
          "blk-file"
        ]
      }\
      """;

  @Option(
      names = "--socket-path",
      paramLabel = "PATH",
      description = "Listens for front-ends there.")
  private @Nullable Path socketPath;

  @Option(
      names = "--fd",
      paramLabel = "FDNUM",
      description =
          "Serves on the socket that the process was started with as descriptor FDNUM: one that"
              + " listens, or one that is connected, at whose end the process ends.")
  private @Nullable Integer fd;

  @Option(
      names = "--blk-file",
      paramLabel = "PATH",
      description = "The disk: a raw image file or a block device.")
  private @Nullable Path blkFile;

  @Option(names = "--read-only", description = "Guests may only read.")
  private boolean readOnly;

  @Option(
      names = "--format",
      paramLabel = "raw",
      description = "Takes the file as raw although it looks like another format.")
  private @Nullable String format;

  @Option(
      names = PRINT_CAPABILITIES,
      description = "Prints what this program can do, as JSON, and does nothing else.")
  @SuppressWarnings("unused") // seen before the rest is read
  private boolean printCapabilities;

  /** To show its help. */
  BlkCommand() {
    this(Preload.none());
  }

  /**
   * To run it.
   *
   * @param preload what goes on meanwhile
   */
  BlkCommand(Preload preload) {
    super(preload);
  }

  /** Whether a command line asks for capabilities: then all else in it is to be ignored. */
  static boolean asksForCapabilities(String[] args) {
    return args.length > 0
        && args[0].equals("blk")
        && Arrays.asList(args).contains(PRINT_CAPABILITIES);
  }

  @Override
  ServeOptions options() {
    DiskSocket socket = socket();
    Path image = blkFile;
    if (image == null || image.toString().isEmpty()) {
      throw wrong("give --blk-file=PATH");
    }
    if (format != null && !format.equals("raw")) {
      throw wrong("--format=" + format + " is not known; the only format is raw");
    }
    DiskOption disk = DiskOption.of(socket, image, readOnly, format != null);
    return ServeOptions.in(Path.of("")).withDisks(List.of(disk));
  }

  private DiskSocket socket() {
    Path path = socketPath;
    Integer number = fd;
    if (path != null && number != null) {
      throw wrong("--socket-path and --fd exclude each other; give one of them");
    }
    if (number != null) {
      if (number < 0) {
        throw wrong("--fd=" + number + " is no descriptor; it is 0 or more");
      }
      return new DiskSocket.Inherited("blk", number);
    }
    if (path == null || path.toString().isEmpty()) {
      throw wrong("give --socket-path=PATH or --fd=FDNUM");
    }
    return new DiskSocket.Listening(path);
  }
}
