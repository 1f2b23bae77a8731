package io.millrace.server;

import io.millrace.server.metrics.MetricsAddress;
import io.millrace.vhost.user.VhostSocket.SocketAccess;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code serve} was asked for, checked as far as that is possible without opening anything.
 * Never changes: each {@code with} makes another.
 */
final class ServeOptions {
  private final Path socketDirectory;
  private List<DiskOption> disks = List.of();
  private List<DiskOption> scsi = List.of();
  private @Nullable BitSet cores;
  private boolean poll;
  private boolean rehearsal = true;
  private @Nullable Path configuration;
  private @Nullable Path rpcSocket;
  private @Nullable Path state;
  private @Nullable SocketAccess access;
  private boolean waitForRpc;
  private @Nullable MetricsAddress metrics;
  private long slowMicros;

  private ServeOptions(Path socketDirectory) {
    this.socketDirectory = socketDirectory;
  }

  /**
   * Of a server that has nothing, nor anybody to tell it, and comes up at once.
   *
   * @param socketDirectory where relative sockets and those of controllers are made; empty for the
   *     current directory
   */
  static ServeOptions in(Path socketDirectory) {
    return new ServeOptions(socketDirectory);
  }

  private ServeOptions copy() {
    ServeOptions copy = new ServeOptions(socketDirectory);
    copy.disks = disks;
    copy.scsi = scsi;
    copy.cores = cores;
    copy.poll = poll;
    copy.rehearsal = rehearsal;
    copy.configuration = configuration;
    copy.rpcSocket = rpcSocket;
    copy.state = state;
    copy.access = access;
    copy.waitForRpc = waitForRpc;
    copy.metrics = metrics;
    copy.slowMicros = slowMicros;
    return copy;
  }

  /** The same with these disks, each a device of its own. */
  ServeOptions withDisks(List<DiskOption> value) {
    ServeOptions other = copy();
    other.disks = value;
    return other;
  }

  /** The same with these logical units; those of one socket are targets of one controller. */
  ServeOptions withScsi(List<DiskOption> value) {
    ServeOptions other = copy();
    other.scsi = value;
    return other;
  }

  /**
   * The same, polling on these cores by a reactor pinned to each; null for one reactor anywhere.
   */
  ServeOptions withCores(@Nullable BitSet value) {
    ServeOptions other = copy();
    other.cores = value;
    return other;
  }

  /** The same, with reactors that never sleep or not. */
  ServeOptions withPoll(boolean value) {
    ServeOptions other = copy();
    other.poll = value;
    return other;
  }

  /** The same, with a {@link Rehearsal} or not. */
  ServeOptions withRehearsal(boolean value) {
    ServeOptions other = copy();
    other.rehearsal = value;
    return other;
  }

  /** The same with a configuration in SPDK's format; null for none. */
  ServeOptions withConfiguration(@Nullable Path value) {
    ServeOptions other = copy();
    other.configuration = value;
    return other;
  }

  /** The same with JSON-RPC at this socket; null for nowhere. */
  ServeOptions withRpcSocket(@Nullable Path value) {
    ServeOptions other = copy();
    other.rpcSocket = value;
    return other;
  }

  /** The same with a directory of what has to outlive the process; null for none. */
  ServeOptions withState(@Nullable Path value) {
    ServeOptions other = copy();
    other.state = value;
    return other;
  }

  /** The same with these as who may connect to disks; null for what the umask allows. */
  ServeOptions withAccess(@Nullable SocketAccess value) {
    ServeOptions other = copy();
    other.access = value;
    return other;
  }

  /** The same, coming up when framework_start_init is called, or by itself. */
  ServeOptions withWaitForRpc(boolean value) {
    ServeOptions other = copy();
    other.waitForRpc = value;
    return other;
  }

  /** The same with metrics for Prometheus there; null for nowhere. */
  ServeOptions withMetrics(@Nullable MetricsAddress value) {
    ServeOptions other = copy();
    other.metrics = value;
    return other;
  }

  /** The same, reporting requests that take longer than this; 0 for none. */
  ServeOptions withSlowMicros(long value) {
    ServeOptions other = copy();
    other.slowMicros = value;
    return other;
  }

  Path socketDirectory() {
    return socketDirectory;
  }

  List<DiskOption> disks() {
    return disks;
  }

  List<DiskOption> scsi() {
    return scsi;
  }

  @Nullable BitSet cores() {
    return cores;
  }

  boolean poll() {
    return poll;
  }

  boolean rehearsal() {
    return rehearsal;
  }

  @Nullable Path configuration() {
    return configuration;
  }

  @Nullable Path rpcSocket() {
    return rpcSocket;
  }

  @Nullable Path state() {
    return state;
  }

  @Nullable SocketAccess access() {
    return access;
  }

  boolean waitForRpc() {
    return waitForRpc;
  }

  @Nullable MetricsAddress metrics() {
    return metrics;
  }

  long slowMicros() {
    return slowMicros;
  }
}
