package io.millrace.scsi;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes the table of {@code docs/scsi.md} from the {@link CommandTable}, with the proofs that each
 * command has: unit tests from {@code proofs.properties}, tools from the headings of the
 * transcripts that module vm-tests runs in a guest. {@link #main} brings the page up to date.
 */
final class CommandReference {
  /** The line below which the page is generated. */
  static final String MARKER = "<!-- generated from the command table: CommandReference -->";

  private static final Path PAGE = root().resolve("docs/scsi.md");
  private static final Path PROOFS =
      root().resolve("scsi/src/test/resources/io/millrace/scsi/proofs.properties");
  private static final Path TRANSCRIPTS =
      root().resolve("vm-tests/src/test/resources/io/millrace/vm/scsi");
  private static final Pattern HEADING = Pattern.compile("## (.+) by (.+)");

  private CommandReference() {}

  /** The tests of a module run in its directory, or in the one above. */
  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    return here.endsWith("scsi") && Files.exists(here.resolve("pom.xml")) ? here.getParent() : here;
  }

  /** The page as it is. */
  static String page() throws IOException {
    return Files.readString(PAGE);
  }

  /** The page as it should be: what is above the marker, and the table. */
  static String rendered() throws IOException {
    String page = page();
    int marker = page.indexOf(MARKER);
    if (marker < 0) {
      throw new IllegalStateException(PAGE + " has no line " + MARKER);
    }
    return page.substring(0, marker) + MARKER + "\n\n" + table(proofs(), tools());
  }

  /** Proofs by the name of a command, with {@code -} for each blank. */
  static Properties proofs() throws IOException {
    Properties proofs = new Properties();
    try (Reader reader = Files.newBufferedReader(PROOFS)) {
      proofs.load(reader);
    }
    return proofs;
  }

  /** Tools by the name of a command, from headings {@code ## COMMAND, COMMAND by TOOL, TOOL}. */
  static Map<String, Set<String>> tools() throws IOException {
    Map<String, Set<String>> tools = new TreeMap<>();
    try (Stream<Path> files = Files.list(TRANSCRIPTS)) {
      for (Path file : files.toList()) {
        for (String line : Files.readAllLines(file)) {
          Matcher heading = HEADING.matcher(line);
          if (heading.matches()) {
            for (String command : heading.group(1).split(", ", -1)) {
              tools
                  .computeIfAbsent(command, name -> new TreeSet<>())
                  .addAll(List.of(heading.group(2).split(", ", -1)));
            }
          }
        }
      }
    }
    return tools;
  }

  static String key(ScsiCommand command) {
    return command.name().replace(' ', '-');
  }

  /** In the order of operation codes and service actions. */
  static List<ScsiCommand> commands() {
    return CommandTable.commands().stream()
        .sorted(
            Comparator.comparingInt(ScsiCommand::opcode)
                .thenComparingInt(ScsiCommand::serviceAction))
        .toList();
  }

  private static String table(Properties proofs, Map<String, Set<String>> tools) {
    StringBuilder table = new StringBuilder();
    table.append("| code | command | CDB | kept out by a reservation of another | proof |\n");
    table.append("|---|---|---|---|---|\n");
    for (ScsiCommand command : commands()) {
      String code = "%02X".formatted(command.opcode());
      int action = command.serviceAction();
      String full = action == ScsiCommand.NO_ACTION ? code : code + "/%02X".formatted(action);
      table.append(
          "| %s | %s | %d | %s | %s |\n"
              .formatted(
                  full,
                  command.name(),
                  command.cdbBytes(),
                  keptOut(command.access),
                  proof(command, proofs, tools)));
    }
    return table.toString();
  }

  private static String proof(
      ScsiCommand command, Properties proofs, Map<String, Set<String>> tools) {
    List<String> all = new ArrayList<>(List.of(proofs.getProperty(key(command), "none")));
    all.addAll(tools.getOrDefault(command.name(), Set.of()));
    return String.join(", ", all);
  }

  private static String keptOut(Access access) {
    return switch (access) {
      case ALWAYS -> "never";
      case STATUS -> "RESERVE";
      case READ -> "exclusive access";
      case WRITE -> "any";
      case PERSISTENT_RESERVE -> "RESERVE, and its own rules";
      case LEGACY_RESERVE -> "registrations";
    };
  }

  /** Brings the page up to date. */
  public static void main(String[] args) throws IOException {
    Files.writeString(PAGE, rendered());
  }
}
