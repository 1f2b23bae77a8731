package io.millrace.server;

import io.millrace.nvme.pci.PciBinding;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code millrace nvme unbind}: from vfio-pci back to the kernel's driver. */
@Command(
    name = "unbind",
    description = "Gives controllers back to the kernel. Refuses one that a program has open.")
final class NvmeUnbindCommand extends HelpOption implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "ADDRESS", description = NvmeBindCommand.ADDRESS_HELP)
  private List<String> addresses;

  @Override
  public Integer call() throws CommandException {
    PrintWriter out = spec.commandLine().getOut();
    PciBinding binding = PciBinding.ofThisMachine();
    try {
      for (String address : addresses) {
        out.println(binding.unbind(NvmeBindCommand.address(spec, address)));
      }
    } catch (IOException e) {
      throw CommandException.failed(e);
    } finally {
      out.flush();
    }
    return 0;
  }
}
