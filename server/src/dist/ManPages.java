import io.millrace.server.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * Writes a man page for each command of Millrace's, in man(7), from what the program itself says of
 * its commands. (Picocli's own generator writes AsciiDoc, which needs a Ruby to become a man page.)
 *
 * <p>usage: java ManPages.java FOLDER VERSION
 */
final class ManPages {
  private final String version;
  private final StringBuilder page = new StringBuilder();

  private ManPages(String version) {
    this.version = version;
  }

  public static void main(String[] args) throws IOException {
    write(Main.commands().getCommandSpec(), Files.createDirectories(Path.of(args[0])), args[1]);
  }

  private static void write(CommandSpec command, Path folder, String version) throws IOException {
    String text = new ManPages(version).of(command);
    Files.writeString(folder.resolve(title(command) + ".1"), text);
    for (CommandLine line : command.subcommands().values()) {
      write(line.getCommandSpec(), folder, version);
    }
  }

  /** {@code millrace-nvme-list} */
  private static String title(CommandSpec command) {
    return command.qualifiedName("-");
  }

  private String of(CommandSpec command) {
    line(".\\\" Made from the program's own command definitions; do not edit.");
    line(
        ".TH %s 1 \"\" \"Millrace %s\" \"Millrace\""
            .formatted(escaped(title(command).toUpperCase(java.util.Locale.ROOT)), version));
    line(".nh\n.ad l"); // options and paths are not to be broken, nor lines to be stretched
    line(".SH NAME");
    List<String> description = List.of(command.usageMessage().description());
    String first = String.join(" ", description);
    line(escaped(title(command)) + " \\- " + escaped(summary(first)));
    synopsis(command);
    line(".SH DESCRIPTION");
    line(escaped(first));
    options(command);
    commands(command);
    footer(command);
    seeAlso(command);
    return page.toString();
  }

  /** The first sentence, as whatis(1) shows it. */
  private static String summary(String text) {
    int end = text.indexOf(". ");
    String sentence = end < 0 ? text : text.substring(0, end);
    return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
  }

  private void synopsis(CommandSpec command) {
    line(".SH SYNOPSIS");
    line(".B " + escaped(command.qualifiedName()));
    if (!command.subcommands().isEmpty()) {
      line(".I COMMAND");
    }
    for (OptionSpec option : command.options()) {
      if (!option.hidden() && option.required()) {
        line(usage(option));
      }
    }
    if (command.options().stream().anyMatch(option -> !option.hidden() && !option.required())) {
      line("[\\fIOPTION\\fR]...");
    }
    for (PositionalParamSpec parameter : command.positionalParameters()) {
      String label = "\\fI" + escaped(parameter.paramLabel()) + "\\fR";
      boolean optional = parameter.arity().min() == 0;
      line((optional ? "[" + label + "]" : label) + (parameter.arity().isVariable() ? "..." : ""));
    }
  }

  private void options(CommandSpec command) {
    List<ArgSpec> shown = new ArrayList<>(command.positionalParameters());
    shown.addAll(command.options());
    shown.removeIf(ArgSpec::hidden);
    if (shown.isEmpty()) {
      return;
    }
    line(".SH OPTIONS");
    for (ArgSpec argument : shown) {
      line(".TP");
      line(usage(argument));
      line(escaped(String.join(" ", argument.description())));
    }
  }

  private static String usage(ArgSpec argument) {
    String label = argument.arity().max() == 0 ? "" : argument.paramLabel();
    String value = label.isEmpty() ? "" : "\\fI" + escaped(label) + "\\fR";
    if (!(argument instanceof OptionSpec option)) {
      return value;
    }
    List<String> names = new ArrayList<>();
    for (String name : option.names()) {
      String separator = name.startsWith("--") ? "=" : " ";
      String given = value.isEmpty() ? "" : separator + value;
      names.add(
          "\\fB"
              + escaped(name)
              + "\\fR"
              + (option.arity().min() == 0 && !value.isEmpty() ? "[" + given + "]" : given));
    }
    return String.join(", ", names);
  }

  private void commands(CommandSpec command) {
    if (command.subcommands().isEmpty()) {
      return;
    }
    line(".SH COMMANDS");
    for (CommandLine line : command.subcommands().values()) {
      CommandSpec sub = line.getCommandSpec();
      line(".TP");
      line("\\fB" + escaped(title(sub)) + "\\fR(1)");
      line(escaped(String.join(" ", sub.usageMessage().description())));
    }
  }

  /** Examples have a section of their own; indented lines stay as they are. */
  private void footer(CommandSpec command) {
    boolean started = false;
    boolean kept = false;
    for (String text : command.usageMessage().footer()) {
      if (text.startsWith("Example")) {
        line(kept ? ".fi\n.SH EXAMPLES" : ".SH EXAMPLES");
        started = true;
        kept = false;
      } else if (text.isBlank()) {
        started = paragraph(started);
      } else {
        if (!started) {
          line(".SH NOTES");
          started = true;
        }
        boolean keep = text.startsWith(" ");
        if (keep != kept) {
          line(keep ? ".PP\n.nf" : ".fi\n.PP");
          kept = keep;
        }
        line(escaped(text));
      }
    }
    if (kept) {
      line(".fi");
    }
  }

  private boolean paragraph(boolean started) {
    if (started && !page.toString().endsWith(".SH EXAMPLES\n")) {
      line(".PP");
    }
    return started;
  }

  private void seeAlso(CommandSpec command) {
    List<String> others = new ArrayList<>();
    if (command.parent() != null) {
      others.add(title(command.parent()));
      command.parent().subcommands().values().stream()
          .map(line -> title(line.getCommandSpec()))
          .filter(title -> !title.equals(title(command)))
          .forEach(others::add);
    } else {
      command.subcommands().values().forEach(line -> others.add(title(line.getCommandSpec())));
    }
    line(".SH SEE ALSO");
    for (int i = 0; i < others.size(); i++) {
      line(".BR " + escaped(others.get(i)) + " (1)" + (i < others.size() - 1 ? "," : ""));
    }
  }

  private void line(String text) {
    page.append(text).append('\n');
  }

  /** No character of a text is a command to the formatter; its line breaks are spaces. */
  private static String escaped(String text) {
    String plain =
        text.replace("\\", "\\e").replace("%n", " ").replaceAll("\\R", " ").replace("-", "\\-");
    return plain.startsWith(".") || plain.startsWith("'") ? "\\&" + plain : plain;
  }
}
