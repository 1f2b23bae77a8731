package io.millrace.server;

import io.millrace.nvme.ControllerData;
import io.millrace.nvme.NamespaceData;
import io.millrace.nvme.NvmeController;
import java.io.PrintWriter;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code millrace nvme id}: what a controller and its namespaces say of themselves. */
@Command(name = "id", description = "Shows what a controller and its namespaces say of themselves.")
final class NvmeIdCommand extends HelpOption implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "ADDRESS", description = "The controller, bound to vfio-pci.")
  private String address;

  @Override
  public Integer call() throws CommandException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    try (NvmeSession session = NvmeSession.open(address)) {
      NvmeController controller = session.controller();
      ControllerData data = controller.data();
      NvmeCommand.line(out, "controller", controller.name());
      NvmeCommand.line(out, "model", data.model());
      NvmeCommand.line(out, "serial number", data.serial());
      NvmeCommand.line(out, "firmware", data.firmware());
      NvmeCommand.line(out, "subsystem", data.subsystem());
      NvmeCommand.line(out, "version", data.versionText());
      NvmeCommand.line(out, "largest transfer", data.maxTransferBytes() / 1024 + " KiB");
      NvmeCommand.line(out, "I/O queue pairs", Integer.toString(controller.queueCount()));
      NvmeCommand.line(
          out, "write cache", data.volatileCache() ? "volatile" : "none, or it keeps its data");
      for (NamespaceData namespace : controller.namespaces()) {
        NvmeCommand.line(
            out, "namespace " + Integer.toUnsignedString(namespace.nsid()), text(namespace));
      }
    } finally {
      out.flush();
    }
    return 0;
  }

  private static String text(NamespaceData namespace) {
    StringBuilder text = new StringBuilder();
    text.append(namespace.blockCount()).append(" blocks of ").append(namespace.blockBytes());
    if (namespace.metadataBytes() > 0) {
      text.append(" + ").append(namespace.metadataBytes());
    }
    text.append(" bytes");
    if (namespace.protection() > 0) {
      text.append(", protection information type ").append(namespace.protection());
    }
    if (namespace.zoneBlocks() > 0) {
      text.append(", zones of ").append(namespace.zoneBlocks()).append(" blocks");
    }
    UUID uuid = namespace.uuid();
    return uuid == null ? text.toString() : text.append(", UUID ").append(uuid).toString();
  }
}
