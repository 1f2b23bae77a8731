package io.millrace.server;

import io.millrace.reactor.CoreMask;
import io.millrace.server.metrics.MetricsAddress;
import io.millrace.vhost.user.VhostSocket.SocketAccess;
import io.millrace.vhost.user.server.VhostControllers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.OptionSpec;

/** {@code millrace serve}: the server, until a signal ends it. */
final class ServeCommand extends ServerCommand {
  private static final int MAX_MODE = 0777;
  private static final String NO_REHEARSAL = "--no-rehearsal";
  private static final List<String> CONFIGURED = List.of("-c", "--config", "--state");

  private final OptionSpec disks =
      add(
          repeated("--blk")
              .paramLabel("SOCKET=IMAGE[,OPTION...]")
              .description(
                  "Serves IMAGE, a raw file or block device, at SOCKET. Can be repeated."));

  private final OptionSpec scsiDisks =
      add(
          repeated("--scsi")
              .paramLabel("SOCKET=IMAGE[,OPTION...]")
              .description(
                  "Serves IMAGE as a target of the SCSI controller at SOCKET: the first one"
                      + " given is target 0, the next one at the same SOCKET target 1. Can be"
                      + " repeated."));

  private final OptionSpec socketDirectory =
      add(
          OptionSpec.builder("-S", "--socket-dir")
              .type(Path.class)
              .paramLabel("DIR")
              .description(
                  "Where disks' sockets are made or looked for. Default: the current directory."));

  private final OptionSpec state =
      add(
          OptionSpec.builder("--state")
              .type(Path.class)
              .paramLabel("DIR")
              .description(
                  "Keeps what JSON-RPC configures, and SCSI reservations (APTPL), for the next"
                      + " start, after a kill too. Made if it is not there; one server at a time."
                      + " Its configuration wins over -c, which is for the first start."));

  private final OptionSpec coreMask =
      add(
          OptionSpec.builder("-m", "--cpumask")
              .type(String.class)
              .paramLabel("MASK")
              .description(
                  "Cores to poll on, 0x3 or [0,2-3]: a thread pinned to each. Default: one"
                      + " thread anywhere."));

  private final OptionSpec poll =
      add(
          flag("--poll")
              .description(
                  "Never sleeps: no guest has to kick and none waits for a wake-up; takes all of"
                      + " each core."));

  private final OptionSpec noRehearsal =
      add(
          flag(NO_REHEARSAL)
              .description(
                  "Does not work on a disk of its own before sockets open and while nobody has"
                      + " come yet, for half a second: the first guest waits for the compiler."));

  private final OptionSpec configuration =
      add(
          OptionSpec.builder("-c", "--config")
              .type(Path.class)
              .paramLabel("FILE")
              .description("Configuration in SPDK's JSON format."));

  private final OptionSpec rpcSocket =
      add(
          OptionSpec.builder("-r", "--rpc-socket")
              .type(Path.class)
              .paramLabel("SOCKET")
              .arity("0..1")
              .fallbackValue(RpcCommand.DEFAULT_SOCKET)
              .description(
                  "Answers JSON-RPC there (${FALLBACK-VALUE} without a value); fd:NAME is a"
                      + " socket that systemd passes. Without -r: nowhere."));

  private final OptionSpec waitForRpc =
      add(
          flag("--wait-for-rpc")
              .description(
                  "Listens for JSON-RPC (-r), takes options, and serves when"
                      + " framework_start_init is called: as SPDK does. Disks' sockets are there"
                      + " from the start, and front-ends that come wait."));

  private final OptionSpec metrics =
      add(
          OptionSpec.builder("--metrics")
              .type(String.class)
              .paramLabel("[ADDRESS:]PORT")
              .description(
                  "Serves metrics for Prometheus at http://ADDRESS:PORT/metrics, to everybody"
                      + " who can connect. Default address: 127.0.0.1. Without --metrics: nowhere."));

  private final OptionSpec socketMode =
      add(
          OptionSpec.builder("--socket-mode")
              .type(String.class)
              .paramLabel("MODE")
              .description(
                  "Permissions of disks' sockets, octal such as 0660. Default: by umask."));

  private final OptionSpec socketGroup =
      add(
          OptionSpec.builder("--socket-group")
              .type(String.class)
              .paramLabel("GROUP")
              .description("Group of disks' sockets, name or number."));

  private final OptionSpec slowMicros =
      add(
          OptionSpec.builder("--slow-requests")
              .type(long.class)
              .initialValue(0L)
              .paramLabel("MICROSECONDS")
              .description(
                  "Logs requests that take longer, those that hang included. Default: none."));

  /** To show its help. */
  ServeCommand() {
    this(Preload.none());
  }

  /**
   * To run it.
   *
   * @param preload what goes on meanwhile
   */
  ServeCommand(Preload preload) {
    super(
        "serve",
        "Serves disks until SIGTERM or SIGINT; prints one line, \"ready\", when it does.",
        preload);
    footer(
        "",
        "Options: readonly; serial=S (1 to 20 bytes); direct (past the page cache);",
        "format=raw (take an image as raw although it looks like another format);",
        "engine=io_uring|threads (default: io_uring where it is allowed);",
        "register-memory=on|off (on: guests' memory is pinned for io_uring; all of it becomes",
        "resident, and no balloon, virtio-mem or free page reporting may be used with it);",
        "on-error=report|retry (retry: what the storage fails is tried again until it succeeds);",
        "io-timeout=SECONDS (what the storage takes longer for is cancelled and fails);",
        "packed, in_order, ring_reset, each =on|off (what is offered of rings; default: on, on, off:",
        "QEMU 7.2 shows guests ring_reset and then loses the reset). serial, packed, in_order and",
        "ring_reset are of --blk only.",
        "A comma within IMAGE or S is written twice.",
        "SOCKET may be connect:PATH, where the front-end listens and Millrace connects to it, now",
        "and again whenever the connection has ended (QEMU: -chardev socket,...,server=on); or",
        "fd:NAME, a socket that systemd passes (FileDescriptorName=NAME).",
        "",
        "Example:",
        "  millrace serve --blk vm0.sock=disk.img --blk vm1.sock=base.img,readonly",
        "  millrace serve --scsi vm2.sock=system.img --scsi vm2.sock=data.img");
  }

  /** Whether a command line has the server rehearse, as far as it alone says that. */
  static boolean rehearses(String[] args) {
    return !Arrays.asList(args).contains(NO_REHEARSAL);
  }

  /** Whether there is a configuration, a state's included, as far as a command line alone says. */
  static boolean isConfigured(String[] args) {
    return Arrays.stream(args).anyMatch(arg -> CONFIGURED.stream().anyMatch(arg::startsWith));
  }

  @Override
  ServeOptions options() throws CommandException {
    List<DiskOption> parsed = new ArrayList<>();
    Set<Object> sockets = new HashSet<>();
    Path directory = directory();
    for (String disk : disks.<List<String>>getValue()) {
      DiskOption option = checked(() -> DiskOption.parse(disk));
      if (!sockets.add(option.socket().identity(directory))) {
        throw wrong("--blk " + disk + " has the socket of another disk; each needs its own");
      }
      parsed.add(option);
    }
    List<DiskOption> scsi = scsi(sockets, directory);
    if (parsed.isEmpty()
        && scsi.isEmpty()
        && configuration.getValue() == null
        && rpcSocket.getValue() == null
        && state.getValue() == null) {
      throw wrong(
          "nothing to serve: give --blk SOCKET=IMAGE, --scsi SOCKET=IMAGE, -c FILE or -r SOCKET");
    }
    if (isSet(waitForRpc) && rpcSocket.getValue() == null) {
      throw wrong("--wait-for-rpc waits for a call that nobody can make; give -r too");
    }
    refuseUnused(Stream.concat(parsed.stream(), scsi.stream()).toList());
    if (!Files.isDirectory(directory.toAbsolutePath())) {
      throw CommandException.misused("-S " + directory + " is no directory; create it first");
    }
    String mask = coreMask.getValue();
    BitSet cores = mask == null ? null : checked(() -> CoreMask.parse(mask));
    return ServeOptions.in(directory)
        .withDisks(parsed)
        .withScsi(scsi)
        .withCores(cores)
        .withPoll(isSet(poll))
        .withRehearsal(!isSet(noRehearsal))
        .withConfiguration(configuration.getValue())
        .withRpcSocket(rpcSocket.getValue())
        .withState(state.getValue())
        .withAccess(access())
        .withWaitForRpc(isSet(waitForRpc))
        .withMetrics(metricsAddress())
        .withSlowMicros(slowMicros());
  }

  private Path directory() {
    Path given = socketDirectory.getValue();
    return given == null ? Path.of("") : given;
  }

  /**
   * Those of one socket are of one controller.
   *
   * @param taken sockets that are of other devices
   */
  private List<DiskOption> scsi(Set<Object> taken, Path directory) throws CommandException {
    List<DiskOption> parsed = new ArrayList<>();
    for (String disk : scsiDisks.<List<String>>getValue()) {
      DiskOption option = checked(() -> DiskOption.parseScsi(disk));
      if (taken.contains(option.socket().identity(directory))) {
        throw wrong("--scsi " + disk + " has the socket of another device; each needs its own");
      }
      parsed.add(option);
    }
    return parsed;
  }

  /** A front-end that connects to a socket which nobody serves would wait for ever. */
  private void refuseUnused(List<DiskOption> parsed) {
    Set<String> used = new HashSet<>();
    for (DiskOption option : parsed) {
      if (option.socket() instanceof DiskSocket.Passed(String name)) {
        used.add(name);
      }
    }
    Path socket = rpcSocket.getValue();
    String rpc = socket == null ? null : PassedSockets.nameIn(socket.toString());
    if (rpc != null && !used.add(rpc)) {
      throw wrong("-r fd:" + rpc + " has the socket of a disk; each needs its own");
    }
    for (String name : PassedSockets.ofProcess().without(used)) {
      throw wrong(
          "nothing serves the passed socket "
              + name
              + "; add --blk fd:"
              + name
              + "=IMAGE, or -r fd:"
              + name);
    }
  }

  private @Nullable MetricsAddress metricsAddress() {
    String text = metrics.getValue();
    return text == null ? null : checked(() -> MetricsAddress.parse(text));
  }

  private @Nullable SocketAccess access() throws CommandException {
    String mode = socketMode.getValue();
    String group = socketGroup.getValue();
    if (mode == null && group == null) {
      return null;
    }
    return new SocketAccess(mode(mode), group == null ? -1 : SocketGroup.number(group));
  }

  private long slowMicros() {
    long micros = slowMicros.<Long>getValue();
    if (micros < 0 || micros > VhostControllers.MAX_SLOW_MICROS) {
      throw wrong(
          "--slow-requests %d is not from 0 to %d microseconds"
              .formatted(micros, VhostControllers.MAX_SLOW_MICROS));
    }
    return micros;
  }

  private int mode(@Nullable String octal) {
    if (octal == null) {
      return -1;
    }
    int mode = octal.matches("[0-7]{1,6}") ? Integer.parseInt(octal, 8) : -1;
    if (mode < 0 || mode > MAX_MODE) {
      throw wrong("--socket-mode " + octal + " is not an octal number from 0 to 0777");
    }
    return mode;
  }
}
