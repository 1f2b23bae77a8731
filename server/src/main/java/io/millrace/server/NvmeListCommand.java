package io.millrace.server;

import io.millrace.nvme.pci.PciAddress;
import io.millrace.nvme.pci.PciFunction;
import io.millrace.nvme.pci.PciFunctions;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code millrace nvme list}: a line for each controller, or an object of a JSON array. */
@Command(name = "list", description = "Lists the NVMe controllers, who drives and who uses them.")
final class NvmeListCommand extends HelpOption implements Callable<Integer> {
  private static final String NOTHING = "-";
  private static final int GAP = 2; // blanks between columns
  private static final List<String> HEAD =
      List.of("ADDRESS", "IDS", "DRIVER", "GROUP", "NODE", "IN USE BY");

  @Spec private CommandSpec spec;

  @Option(
      names = "--output-format",
      paramLabel = "FORMAT",
      defaultValue = "normal",
      description = "normal, or json. Default: ${DEFAULT-VALUE}.")
  private PerfCommand.Format format;

  /**
   * A line.
   *
   * @param function the controller
   * @param uses what uses it
   */
  record Listed(PciFunction function, List<String> uses) {}

  @Override
  public Integer call() throws CommandException {
    List<Listed> all = new ArrayList<>();
    try {
      PciFunctions functions = PciFunctions.ofThisMachine();
      for (PciFunction function : functions.nvme()) {
        all.add(new Listed(function, functions.uses(function)));
      }
    } catch (IOException e) {
      throw CommandException.failed(e);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(
        switch (format) {
          case NORMAL -> table(all);
          case JSON -> json(all) + System.lineSeparator();
        });
    out.flush();
    return 0;
  }

  /** For people: columns as wide as what is in them. */
  static String table(List<Listed> all) {
    if (all.isEmpty()) {
      return "no NVMe controllers" + System.lineSeparator();
    }
    List<List<String>> rows = new ArrayList<>(List.of(HEAD));
    all.forEach(one -> rows.add(row(one)));
    StringBuilder table = new StringBuilder();
    for (List<String> row : rows) {
      for (int column = 0; column < HEAD.size() - 1; column++) {
        String cell = row.get(column);
        table.append(cell).repeat(' ', width(rows, column) - cell.length() + GAP);
      }
      table.append(row.getLast()).append(System.lineSeparator());
    }
    return table.toString();
  }

  private static List<String> row(Listed listed) {
    PciFunction function = listed.function();
    Integer group = function.iommuGroup();
    return List.of(
        function.address().toString(),
        function.ids(),
        Objects.requireNonNullElse(function.driver(), NOTHING),
        group == null ? NOTHING : group.toString(),
        function.numaNode() < 0 ? NOTHING : Integer.toString(function.numaNode()),
        listed.uses().isEmpty() ? NOTHING : String.join(", ", listed.uses()));
  }

  private static int width(List<List<String>> rows, int column) {
    return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
  }

  /** For programs. */
  static String json(List<Listed> all) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (Listed listed : all) {
      PciFunction function = listed.function();
      ObjectNode one = array.addObject();
      one.put("address", function.address().toString());
      one.put("vendor_id", function.vendorId());
      one.put("device_id", function.deviceId());
      one.put("driver", function.driver());
      one.put("iommu_group", function.iommuGroup());
      ArrayNode mates = one.putArray("iommu_group_others");
      function.groupMates().stream().map(PciAddress::toString).forEach(mates::add);
      one.put("numa_node", function.numaNode());
      ArrayNode uses = one.putArray("in_use_by");
      listed.uses().forEach(uses::add);
    }
    return JsonMapper.builder()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .build()
        .writeValueAsString(array);
  }
}
