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
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code millrace serve}: the server, until a signal ends it. */
@Command(
    name = "serve",
    description = "Serves disks until SIGTERM or SIGINT; prints one line, \"ready\", when it does.",
    footer = {
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
      "  millrace serve --scsi vm2.sock=system.img --scsi vm2.sock=data.img"
    })
final class ServeCommand extends ServerCommand {
  private static final int MAX_MODE = 0777;
  private static final String NO_REHEARSAL = "--no-rehearsal";
  private static final List<String> CONFIGURED = List.of("-c", "--config", "--state");

  @Option(
      names = "--blk",
      paramLabel = "SOCKET=IMAGE[,OPTION...]",
      description = "Serves IMAGE, a raw file or block device, at SOCKET. Can be repeated.")
  private List<String> disks = new ArrayList<>();

  @Option(
      names = "--scsi",
      paramLabel = "SOCKET=IMAGE[,OPTION...]",
      description =
          "Serves IMAGE as a target of the SCSI controller at SOCKET: the first one given is target"
              + " 0, the next one at the same SOCKET target 1. Can be repeated.")
  private List<String> scsiDisks = new ArrayList<>();

  @Option(
      names = {"-S", "--socket-dir"},
      paramLabel = "DIR",
      description = "Where disks' sockets are made or looked for. Default: the current directory.")
  private @Nullable Path socketDirectory;

  @Option(
      names = "--state",
      paramLabel = "DIR",
      description =
          "Keeps what JSON-RPC configures, and SCSI reservations (APTPL), for the next start, after a"
              + " kill too. Made if it is not there; one server at a time. Its configuration wins over"
              + " -c, which is for the first start.")
  private @Nullable Path state;

  @Option(
      names = {"-m", "--cpumask"},
      paramLabel = "MASK",
      description =
          "Cores to poll on, 0x3 or [0,2-3]: a thread pinned to each. Default: one thread"
              + " anywhere.")
  private @Nullable String coreMask;

  @Option(
      names = "--poll",
      description =
          "Never sleeps: no guest has to kick and none waits for a wake-up; takes all of each"
              + " core.")
  private boolean poll;

  @Option(
      names = NO_REHEARSAL,
      description =
          "Does not work on a disk of its own before sockets open and while nobody has come yet, for"
              + " half a second: the first guest waits for the compiler.")
  private boolean noRehearsal;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "Configuration in SPDK's JSON format.")
  private @Nullable Path configuration;

  @Option(
      names = {"-r", "--rpc-socket"},
      paramLabel = "SOCKET",
      arity = "0..1",
      fallbackValue = RpcCommand.DEFAULT_SOCKET,
      description =
          "Answers JSON-RPC there (${FALLBACK-VALUE} without a value); fd:NAME is a socket that"
              + " systemd passes. Without -r: nowhere.")
  private @Nullable Path rpcSocket;

  @Option(
      names = "--wait-for-rpc",
      description =
          "Listens for JSON-RPC (-r), takes options, and serves when framework_start_init is"
              + " called: as SPDK does. Disks' sockets are there from the start, and front-ends"
              + " that come wait.")
  private boolean waitForRpc;

  @Option(
      names = "--metrics",
      paramLabel = "[ADDRESS:]PORT",
      description =
          "Serves metrics for Prometheus at http://ADDRESS:PORT/metrics, to everybody who can"
              + " connect. Default address: 127.0.0.1. Without --metrics: nowhere.")
  private @Nullable String metrics;

  @Option(
      names = "--socket-mode",
      paramLabel = "MODE",
      description = "Permissions of disks' sockets, octal such as 0660. Default: by umask.")
  private @Nullable String socketMode;

  @Option(
      names = "--socket-group",
      paramLabel = "GROUP",
      description = "Group of disks' sockets, name or number.")
  private @Nullable String socketGroup;

  @Option(
      names = "--slow-requests",
      paramLabel = "MICROSECONDS",
      description = "Logs requests that take longer, those that hang included. Default: none.")
  private long slowMicros;

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
    super(preload);
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
    Path directory = socketDirectory == null ? Path.of("") : socketDirectory;
    for (String disk : disks) {
      DiskOption option = checked(() -> DiskOption.parse(disk));
      if (!sockets.add(option.socket().identity(directory))) {
        throw wrong("--blk " + disk + " has the socket of another disk; each needs its own");
      }
      parsed.add(option);
    }
    List<DiskOption> scsi = scsi(sockets, directory);
    if (parsed.isEmpty()
        && scsi.isEmpty()
        && configuration == null
        && rpcSocket == null
        && state == null) {
      throw wrong(
          "nothing to serve: give --blk SOCKET=IMAGE, --scsi SOCKET=IMAGE, -c FILE or -r SOCKET");
    }
    if (waitForRpc && rpcSocket == null) {
      throw wrong("--wait-for-rpc waits for a call that nobody can make; give -r too");
    }
    refuseUnused(Stream.concat(parsed.stream(), scsi.stream()).toList());
    if (!Files.isDirectory(directory.toAbsolutePath())) {
      throw CommandException.misused("-S " + directory + " is no directory; create it first");
    }
    String mask = coreMask;
    BitSet cores = mask == null ? null : checked(() -> CoreMask.parse(mask));
    return ServeOptions.in(directory)
        .withDisks(parsed)
        .withScsi(scsi)
        .withCores(cores)
        .withPoll(poll)
        .withRehearsal(!noRehearsal)
        .withConfiguration(configuration)
        .withRpcSocket(rpcSocket)
        .withState(state)
        .withAccess(access())
        .withWaitForRpc(waitForRpc)
        .withMetrics(metricsAddress())
        .withSlowMicros(slowMicros());
  }

  /**
   * Those of one socket are of one controller.
   *
   * @param taken sockets that are of other devices
   */
  private List<DiskOption> scsi(Set<Object> taken, Path directory) throws CommandException {
    List<DiskOption> parsed = new ArrayList<>();
    for (String disk : scsiDisks) {
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
    String rpc = rpcSocket == null ? null : PassedSockets.nameIn(rpcSocket.toString());
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
    String text = metrics;
    return text == null ? null : checked(() -> MetricsAddress.parse(text));
  }

  private @Nullable SocketAccess access() throws CommandException {
    if (socketMode == null && socketGroup == null) {
      return null;
    }
    int group = socketGroup == null ? -1 : SocketGroup.number(socketGroup);
    return new SocketAccess(mode(), group);
  }

  private long slowMicros() {
    if (slowMicros < 0 || slowMicros > VhostControllers.MAX_SLOW_MICROS) {
      throw wrong(
          "--slow-requests %d is not from 0 to %d microseconds"
              .formatted(slowMicros, VhostControllers.MAX_SLOW_MICROS));
    }
    return slowMicros;
  }

  private int mode() {
    if (socketMode == null) {
      return -1;
    }
    int mode = socketMode.matches("[0-7]{1,6}") ? Integer.parseInt(socketMode, 8) : -1;
    if (mode < 0 || mode > MAX_MODE) {
      throw wrong("--socket-mode " + socketMode + " is not an octal number from 0 to 0777");
    }
    return mode;
  }
}
