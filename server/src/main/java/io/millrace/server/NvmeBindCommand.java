package io.millrace.server;

import io.millrace.nvme.pci.PciAddress;
import io.millrace.nvme.pci.PciBinding;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code millrace nvme bind}: from the kernel's driver to vfio-pci. */
@Command(
    name = "bind",
    description =
        "Takes controllers from the kernel, with all their disks, for Millrace to drive."
            + " Refuses one that is in use.")
final class NvmeBindCommand extends HelpOption implements Callable<Integer> {
  /** How an address looks, for help. */
  static final String ADDRESS_HELP = "Its address, as lspci writes it: 0000:01:00.0 or 01:00.0.";

  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "ADDRESS", description = ADDRESS_HELP)
  private List<String> addresses;

  @Override
  public Integer call() throws CommandException {
    List<PciAddress> parsed = new ArrayList<>();
    for (String address : addresses) {
      parsed.add(address(spec, address));
    }
    PrintWriter out = spec.commandLine().getOut();
    try {
      PciBinding.ofThisMachine().bind(parsed, out::println);
    } catch (IOException e) {
      throw CommandException.failed(e);
    } finally {
      out.flush();
    }
    return 0;
  }

  /** An address that a user gave to a command. */
  static PciAddress address(CommandSpec command, String text) {
    try {
      return PciAddress.parse(text);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }
}
