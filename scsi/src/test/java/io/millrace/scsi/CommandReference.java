package io.millrace.scsi;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;

/**
 * Writes the table of {@code docs/scsi.md} from the {@link CommandTable}, with the proof that each
 * command has. {@link #main} brings the page up to date.
 */
final class CommandReference {
  /** The line below which the page is generated. */
  static final String MARKER = "<!-- generated from the command table: CommandReference -->";

  private static final Path PAGE = root().resolve("docs/scsi.md");
  private static final Path PROOFS =
      root().resolve("scsi/src/test/resources/io/millrace/scsi/proofs.properties");

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
    return page.substring(0, marker) + MARKER + "\n\n" + table(proofs());
  }

  /** Proofs by the name of a command, with {@code -} for each blank. */
  static Properties proofs() throws IOException {
    Properties proofs = new Properties();
    try (Reader reader = Files.newBufferedReader(PROOFS)) {
      proofs.load(reader);
    }
    return proofs;
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

  private static String table(Properties proofs) {
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
                  proofs.getProperty(key(command), "none")));
    }
    return table.toString();
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
