package io.millrace.server;

import io.millrace.server.metrics.MetricsAddress;
import io.millrace.vhost.user.VhostSocket.SocketAccess;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code serve} was asked for, checked as far as that is possible without opening anything.
 *
 * @param disks served from the command line, each a device of its own
 * @param scsi those served as logical units; those of one socket are targets of one controller
 * @param socketDirectory where relative sockets and those of controllers are made; empty for the
 *     current directory
 * @param cores to poll on, each with a reactor pinned to it; null for one reactor anywhere
 * @param poll whether the reactors never sleep
 * @param configuration SPDK's format; null for none
 * @param rpcSocket where JSON-RPC listens; null for nowhere
 * @param state directory of what has to outlive the process; null for none
 * @param access who may connect to disks; null for what the umask allows
 * @param waitForRpc whether it comes up when framework_start_init is called, and not by itself
 * @param metrics where Prometheus finds metrics; null for nowhere
 * @param slowMicros a request that takes longer is reported; 0 for none
 */
record ServeOptions(
    List<DiskOption> disks,
    List<DiskOption> scsi,
    Path socketDirectory,
    @Nullable BitSet cores,
    boolean poll,
    @Nullable Path configuration,
    @Nullable Path rpcSocket,
    @Nullable Path state,
    @Nullable SocketAccess access,
    boolean waitForRpc,
    @Nullable MetricsAddress metrics,
    long slowMicros) {
  /** Of a server that comes up at once, and without metrics. */
  ServeOptions(
      List<DiskOption> disks,
      List<DiskOption> scsi,
      Path socketDirectory,
      @Nullable BitSet cores,
      boolean poll,
      @Nullable Path configuration,
      @Nullable Path rpcSocket,
      @Nullable Path state,
      @Nullable SocketAccess access) {
    this(
        disks,
        scsi,
        socketDirectory,
        cores,
        poll,
        configuration,
        rpcSocket,
        state,
        access,
        false,
        null,
        0);
  }
}
