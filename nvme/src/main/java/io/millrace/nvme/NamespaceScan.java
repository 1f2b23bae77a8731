package io.millrace.nvme;

import io.millrace.nvme.NamespaceData.Descriptors;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks a controller for its namespaces. Home reactor. */
final class NamespaceScan {
  private static final Logger LOG = LoggerFactory.getLogger(NamespaceScan.class);

  /** Most namespaces looked at; those after them are left alone. */
  static final int MOST = 1024;

  private static final int VERSION_1_3 = 0x10300;

  private final String name;
  private final AdminQueue admin;
  private final int version;
  private final boolean commandSets;
  private final Set<Quirk> quirks;
  private final long pageBytes;

  NamespaceScan(String name, AdminQueue admin, ControllerRegisters registers, Set<Quirk> quirks) {
    this.name = name;
    this.admin = admin;
    this.version = registers.version();
    this.commandSets = registers.hasCommandSetList();
    this.quirks = quirks;
    this.pageBytes = 1L << registers.minPageShift();
  }

  /**
   * All active namespaces that can be used, in the order of their ids. One that says what cannot be
   * is left out, with a line in the log.
   *
   * @param highest the controller's highest namespace id
   */
  CompletableFuture<List<NamespaceData>> all(int highest) {
    return ids(highest)
        .thenCompose(ids -> {
          List<NamespaceData> found = new ArrayList<>();
          CompletableFuture<@Nullable Void> last = BringUp.done();
          for (int nsid : ids) {
            last =
                last.<@Nullable NamespaceData>thenCompose(before -> one(nsid))
                    .<@Nullable Void>thenApply(one -> {
                      if (one != null) {
                        found.add(one);
                      }
                      return null;
                    });
          }
          return last.thenApply(none -> found);
        });
  }

  private CompletableFuture<List<Integer>> ids(int highest) {
    if (quirks.contains(Quirk.OLD_IDENTIFY)) {
      List<Integer> all = new ArrayList<>();
      for (int nsid = 1; nsid <= Math.min(Math.max(highest, 0), MOST); nsid++) {
        all.add(nsid);
      }
      return CompletableFuture.completedFuture(all);
    }
    return admin
        .require(
            "list of namespaces", NvmeCommands.identify(NvmeCommands.CNS_ACTIVE_NAMESPACES, 0, 0))
        .thenApply(result -> ascending(new IdentifyData(result.data())));
  }

  /** The ids of a list: they ascend, and a zero ends them. */
  private List<Integer> ascending(IdentifyData list) {
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < MOST; i++) {
      int nsid = list.i32(i * Integer.BYTES);
      int before = ids.isEmpty() ? 0 : ids.getLast();
      if (nsid == 0) {
        break;
      }
      if (Integer.compareUnsigned(nsid, before) <= 0) {
        LOG.warn(
            "{}: its list of namespaces has {} after {}; what follows is not used",
            name,
            nsid,
            before);
        break;
      }
      ids.add(nsid);
    }
    return ids;
  }

  private CompletableFuture<@Nullable NamespaceData> one(int nsid) {
    String where = name;
    return admin
        .require(
            "identify namespace " + nsid,
            NvmeCommands.identify(NvmeCommands.CNS_NAMESPACE, nsid, 0))
        .thenCompose(data ->
            names(nsid)
                .thenCompose(names ->
                    zoned(nsid, names)
                        .thenCombine(
                            appendBytes(names),
                            (zoned, append) ->
                                read(where, nsid, data.data(), names, zoned, append))));
  }

  private @Nullable NamespaceData read(
      String where,
      int nsid,
      byte[] data,
      Descriptors names,
      byte @Nullable [] zoned,
      long appendBytes) {
    if (new IdentifyData(data).isZero(0, 8)) {
      return null; // an id without a namespace behind it
    }
    try {
      return NamespaceData.of(where, nsid, data, names, zoned, appendBytes);
    } catch (NvmeException e) {
      LOG.warn("{}; it is not used", e.getMessage());
      return null;
    }
  }

  private CompletableFuture<Descriptors> names(int nsid) {
    if (version < VERSION_1_3 || quirks.contains(Quirk.OLD_IDENTIFY)) {
      return CompletableFuture.completedFuture(Descriptors.NONE);
    }
    return admin
        .send(NvmeCommands.identify(NvmeCommands.CNS_DESCRIPTORS, nsid, 0))
        .thenApply(result -> NamespaceData.descriptors(result.data()));
  }

  private CompletableFuture<byte @Nullable []> zoned(int nsid, Descriptors names) {
    if (!commandSets || names.commandSet() != NvmeCommands.CSI_ZONED) {
      return CompletableFuture.completedFuture(null);
    }
    return admin
        .require(
            "identify zoned namespace " + nsid,
            NvmeCommands.identify(
                NvmeCommands.CNS_COMMAND_SET_NAMESPACE, nsid, NvmeCommands.CSI_ZONED))
        .thenApply(NvmeResult::data);
  }

  /** Longest zone append: ZASL, in pages; without one, what any command may have. */
  private CompletableFuture<Long> appendBytes(Descriptors names) {
    if (!commandSets || names.commandSet() != NvmeCommands.CSI_ZONED) {
      return CompletableFuture.completedFuture(0L);
    }
    return admin
        .send(
            NvmeCommands.identify(
                NvmeCommands.CNS_COMMAND_SET_CONTROLLER, 0, NvmeCommands.CSI_ZONED))
        .thenApply(result -> {
          int exponent = result.data()[0] & 0xff;
          return exponent == 0 || exponent > 16
              ? NvmeRequest.MAX_DATA_BYTES
              : Math.min(NvmeRequest.MAX_DATA_BYTES, pageBytes << exponent);
        });
  }
}
