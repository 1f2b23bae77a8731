package io.millrace.server;

import io.millrace.bdev.file.FileEngineKind;
import io.millrace.bdev.file.FileFailurePolicy;
import io.millrace.bdev.file.FileFailurePolicy.OnError;
import io.millrace.virtio.blk.RingOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A value of {@code --blk} or {@code --scsi}: {@code SOCKET=IMAGE[,option...]}. A comma in IMAGE or
 * in a serial is written twice, as QEMU has it. SOCKET is a path, {@code connect:PATH} where the
 * front-end listens, or {@code fd:NAME} for a socket that systemd passed.
 *
 * @param socket where its front-ends come from
 * @param image the file or block device
 * @param readOnly whether guests may only read
 * @param serial what the guest sees as serial number; null for one made of the disk
 * @param direct whether to go past the page cache
 * @param raw whether the image is raw whatever it looks like
 * @param engine how requests get to the kernel
 * @param registerMemory whether guests' memory is registered with io_uring, and so pinned
 * @param failures what happens when the storage fails or hangs
 * @param rings what it offers of its rings
 */
record DiskOption(
    DiskSocket socket,
    Path image,
    boolean readOnly,
    @Nullable String serial,
    boolean direct,
    boolean raw,
    FileEngineKind engine,
    boolean registerMemory,
    FileFailurePolicy failures,
    RingOptions rings) {
  /** Bytes of a serial (VIRTIO_BLK_ID_BYTES). */
  private static final int SERIAL_BYTES = 20;

  private static final String PASSED = "fd:";
  private static final String CONNECTING = "connect:";

  private static final String IMAGE_OPTIONS =
      "readonly, format=raw, direct, engine=E, register-memory=S, on-error=A, io-timeout=SECONDS";

  /** What only a device of its own has: a logical unit shares its rings with others. */
  private static final Set<String> OF_BLK = Set.of("serial", "packed", "in_order", "ring_reset");

  /** A disk with none of the options but these. */
  static DiskOption of(DiskSocket socket, Path image, boolean readOnly, boolean raw) {
    return new DiskOption(
        socket,
        image,
        readOnly,
        null,
        false,
        raw,
        FileEngineKind.AUTO,
        false,
        FileFailurePolicy.NONE,
        RingOptions.DEFAULTS);
  }

  /**
   * Reads a value of {@code --blk}.
   *
   * @throws IllegalArgumentException it is wrong; the message names the value and says how it
   *     should be
   */
  static DiskOption parse(String value) {
    return parse("--blk " + value, value, Set.of());
  }

  /** Reads a value of {@code --scsi}, in the same way. */
  static DiskOption parseScsi(String value) {
    return parse("--scsi " + value, value, OF_BLK);
  }

  private static DiskOption parse(String label, String value, Set<String> withheld) {
    int equals = value.indexOf('=');
    if (equals < 0) {
      throw wrong(label, "has no '='; write SOCKET=IMAGE[,option...]");
    }
    List<String> parts = split(value.substring(equals + 1));
    DiskSocket socket = socket(label, value.substring(0, equals));
    Path image = path(label, "image", parts.getFirst());
    Builder options = new Builder(label, withheld);
    parts.stream().skip(1).forEach(options::option);
    return new DiskOption(
        socket,
        image,
        options.readOnly,
        options.serial,
        options.direct,
        options.raw,
        options.engine,
        options.registerMemory,
        new FileFailurePolicy(options.onError, options.timeoutSeconds),
        options.rings);
  }

  private static DiskSocket socket(String value, String text) {
    if (text.startsWith(CONNECTING + PASSED) || text.startsWith(PASSED + CONNECTING)) {
      throw wrong(value, "has both connect: and fd:; a socket is connected to or passed");
    }
    if (text.startsWith(CONNECTING)) {
      String path = text.substring(CONNECTING.length());
      return new DiskSocket.Connecting(path(value, "socket", path));
    }
    if (text.startsWith(PASSED)) {
      String name = text.substring(PASSED.length());
      if (name.isEmpty()) {
        throw wrong(value, "names no socket; write fd:NAME=IMAGE[,option...]");
      }
      return new DiskSocket.Passed(name);
    }
    return new DiskSocket.Listening(path(value, "socket", text));
  }

  /** Splits at single commas; two of them are one that belongs to the text. */
  private static List<String> split(String text) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != ',') {
        part.append(c);
      } else if (i + 1 < text.length() && text.charAt(i + 1) == ',') {
        part.append(c);
        i++;
      } else {
        parts.add(part.toString());
        part.setLength(0);
      }
    }
    parts.add(part.toString());
    return parts;
  }

  private static Path path(String value, String what, String text) {
    if (text.isEmpty()) {
      throw wrong(value, "names no " + what + "; write SOCKET=IMAGE[,option...]");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw wrong(value, "has a name for the " + what + " that cannot be a path: " + e.getReason());
    }
  }

  private static IllegalArgumentException wrong(String label, String problem) {
    return new IllegalArgumentException(label + " " + problem);
  }

  /** Takes option by option. */
  private static final class Builder {
    private final String value; // with the name of its option
    private final Set<String> withheld;
    private final Set<String> seen = new HashSet<>();
    private boolean readOnly;
    private @Nullable String serial;
    private boolean direct;
    private boolean raw;
    private FileEngineKind engine = FileEngineKind.AUTO;
    private boolean registerMemory;
    private OnError onError = OnError.REPORT;
    private int timeoutSeconds;
    private RingOptions rings = RingOptions.DEFAULTS;

    Builder(String value, Set<String> withheld) {
      this.value = value;
      this.withheld = withheld;
    }

    void option(String option) {
      int equals = option.indexOf('=');
      String name = equals < 0 ? option : option.substring(0, equals);
      if (!seen.add(name)) {
        throw wrong(value, "has " + name + " twice");
      }
      switch (withheld.contains(name) ? "" : name) {
        case "readonly" -> readOnly = flag(name, equals);
        case "direct" -> direct = flag(name, equals);
        case "serial" -> serial = serial(option, equals);
        case "format" -> raw = raw(option, equals);
        case "engine" ->
            engine = word(option, equals, FileEngineKind.values(), FileEngineKind::word);
        case "register-memory" -> registerMemory = onOrOff(option, equals);
        case "on-error" -> onError = word(option, equals, OnError.values(), OnError::word);
        case "packed" -> rings = rings.withPacked(onOrOff(option, equals));
        case "in_order" -> rings = rings.withInOrder(onOrOff(option, equals));
        case "ring_reset" -> rings = rings.withReset(onOrOff(option, equals));
        case "io-timeout" -> timeoutSeconds = seconds(option, equals);
        default -> throw wrong(value, "has an unknown option '" + name + "'; known: " + known());
      }
    }

    private String known() {
      return withheld.isEmpty()
          ? IMAGE_OPTIONS + ", serial=S, packed=S, in_order=S, ring_reset=S"
          : IMAGE_OPTIONS;
    }

    private boolean flag(String name, int equals) {
      if (equals >= 0) {
        throw wrong(value, "gives " + name + " a value; it takes none");
      }
      return true;
    }

    private boolean onOrOff(String option, int equals) {
      String text = equals < 0 ? "" : option.substring(equals + 1);
      return switch (text) {
        case "on" -> true;
        case "off" -> false;
        default -> throw wrong(value, "has " + option + "; it may be on or off");
      };
    }

    private String serial(String option, int equals) {
      String text = equals < 0 ? "" : option.substring(equals + 1);
      int bytes = text.getBytes(StandardCharsets.UTF_8).length;
      if (bytes == 0 || bytes > SERIAL_BYTES) {
        throw wrong(value, "has a serial of " + bytes + " bytes; it may have 1 to " + SERIAL_BYTES);
      }
      return text;
    }

    private boolean raw(String option, int equals) {
      if (equals < 0 || !option.substring(equals + 1).equals("raw")) {
        throw wrong(value, "asks for another format than raw; the only one is format=raw");
      }
      return true;
    }

    private <T> T word(String option, int equals, T[] values, Function<T, String> word) {
      String text = equals < 0 ? "" : option.substring(equals + 1);
      return Arrays.stream(values)
          .filter(v -> word.apply(v).equals(text))
          .findFirst()
          .orElseThrow(() -> {
            String known = Arrays.stream(values).map(word).collect(Collectors.joining(", "));
            return wrong(value, "has " + option + "; it may be one of " + known);
          });
    }

    private int seconds(String option, int equals) {
      String text = equals < 0 ? "" : option.substring(equals + 1);
      int seconds = text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : -1;
      if (seconds < 1 || seconds > FileFailurePolicy.MAX_TIMEOUT_SECONDS) {
        throw wrong(
            value,
            "has "
                + option
                + "; it is a number of seconds from 1 to "
                + FileFailurePolicy.MAX_TIMEOUT_SECONDS);
      }
      return seconds;
    }
  }
}
