package io.millrace.server;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Model.OptionSpec;

/**
 * {@code millrace blk}: one disk, with the options that programs which manage guests know of every
 * back-end (QEMU's docs/interop/vhost-user.rst, "Backend program conventions", vhost-user-blk).
 */
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

  private final OptionSpec socketPath =
      add(
          OptionSpec.builder("--socket-path")
              .type(Path.class)
              .paramLabel("PATH")
              .description("Listens for front-ends there."));

  private final OptionSpec fd =
      add(
          OptionSpec.builder("--fd")
              .type(Integer.class)
              .paramLabel("FDNUM")
              .description(
                  "Serves on the socket that the process was started with as descriptor FDNUM:"
                      + " one that listens, or one that is connected, at whose end the process"
                      + " ends."));

  private final OptionSpec blkFile =
      add(
          OptionSpec.builder("--blk-file")
              .type(Path.class)
              .paramLabel("PATH")
              .description("The disk: a raw image file or a block device."));

  private final OptionSpec readOnly = add(flag("--read-only").description("Guests may only read."));

  private final OptionSpec format =
      add(
          OptionSpec.builder("--format")
              .type(String.class)
              .paramLabel("raw")
              .description("Takes the file as raw although it looks like another format."));

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
    super(
        "blk",
        "Serves one disk until SIGTERM or SIGINT, by the conventions of a vhost-user back-end"
            + " program.",
        preload);
    var _ = // seen before the rest is read
        add(
            flag(PRINT_CAPABILITIES)
                .description("Prints what this program can do, as JSON, and does nothing else."));
    footer("", "Example:", "  millrace blk --socket-path=vm0.sock --blk-file=disk.img --read-only");
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
    Path image = blkFile.getValue();
    String asked = format.getValue();
    if (image == null || image.toString().isEmpty()) {
      throw wrong("give --blk-file=PATH");
    }
    if (asked != null && !asked.equals("raw")) {
      throw wrong("--format=" + asked + " is not known; the only format is raw");
    }
    DiskOption disk = DiskOption.of(socket, image, isSet(readOnly), asked != null);
    return ServeOptions.in(Path.of("")).withDisks(List.of(disk));
  }

  private DiskSocket socket() {
    Path path = socketPath.getValue();
    Integer number = fd.getValue();
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
