package io.millrace.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Commands of a shell with all that they have to print, as the files of cram have them: {@code " $
 * COMMAND"}, then its output, indented by two blanks and without blank lines, then {@code "
 * [CODE]"} unless it exits with 0. Other text is for people, but for two kinds of line: {@code ##
 * COMMAND, COMMAND by TOOL, TOOL} begins a section, which proves SCSI commands by tools, and {@code
 * Blocks FIRST-LAST: TEXT} says what blocks hold in the end: lines of a text, from the first block
 * on or in {@code each}, or {@code zeroes}.
 */
record Transcript(List<Section> sections) {
  private static final Pattern HEADING = Pattern.compile("## (.+) by (.+)");
  private static final Pattern BLOCKS = Pattern.compile("Blocks (\\d+)-(\\d+)( each)?: (.+)");
  private static final String COMMAND = "  $ ";
  private static final String OUTPUT = "  ";

  /** A command; all that it prints and the code it exits with, each line indented. */
  record Step(int number, String command, List<String> expected) {}

  /** What blocks hold in the end; each of them begins anew, or only the first. */
  record Area(int first, int last, boolean each, String text) {}

  /** What one or more SCSI commands are proved by. */
  record Section(
      int number,
      List<String> subjects,
      List<String> tools,
      List<Step> steps,
      List<Area> areas,
      String file) {
    @Override
    public String toString() {
      return "%s by %s (%s)".formatted(String.join(", ", subjects), String.join(", ", tools), file);
    }

    /** The section as the file has it, or as it came: commands and what they printed. */
    String text(Transcripted answers) {
      StringBuilder text = new StringBuilder();
      for (Step step : steps) {
        text.append(COMMAND).append(step.command).append('\n');
        answers.of(step).forEach(line -> text.append(line).append('\n'));
      }
      return text.toString();
    }
  }

  /** What a command prints, each line indented. */
  interface Transcripted {
    List<String> of(Step step);
  }

  /** The files of a folder, in the order of their names. */
  static Transcript of(Path folder) {
    List<Section> sections = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".t")).sorted().toList()) {
        read(file, sections);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Transcript(sections);
  }

  private static void read(Path file, List<Section> sections) throws IOException {
    int step = sections.stream().mapToInt(section -> section.steps.size()).sum();
    for (String line : Files.readAllLines(file)) {
      Matcher heading = HEADING.matcher(line);
      Matcher blocks = BLOCKS.matcher(line);
      if (heading.matches()) {
        sections.add(
            new Section(
                sections.size(),
                List.of(heading.group(1).split(", ", -1)),
                List.of(heading.group(2).split(", ", -1)),
                new ArrayList<>(),
                new ArrayList<>(),
                file.getFileName().toString()));
      } else if (blocks.matches()) {
        int first = Integer.parseInt(blocks.group(1));
        int last = Integer.parseInt(blocks.group(2));
        sections
            .getLast()
            .areas
            .add(new Area(first, last, blocks.group(3) != null, blocks.group(4)));
      } else if (line.startsWith(COMMAND)) {
        String command = line.substring(COMMAND.length());
        sections.getLast().steps.add(new Step(step++, command, new ArrayList<>()));
      } else if (line.startsWith(OUTPUT)) {
        sections.getLast().steps.getLast().expected.add(line);
      }
    }
  }

  /** All of them for the guest's shell, which has the functions {@code section} and {@code run}. */
  String script() {
    StringBuilder script = new StringBuilder();
    for (Section section : sections) {
      script.append("section %d\n".formatted(section.number));
      for (Step step : section.steps) {
        String quoted = step.command.replace("'", "'\\''");
        script.append("run %d '%s'\n".formatted(step.number, quoted));
      }
    }
    return script.toString();
  }

  /** What a command printed, as {@link Step#expected} has it, from what the guest reported. */
  static List<String> printed(List<String> report, Step step) {
    String end = "EXIT " + step.number + " ";
    List<String> lines = new ArrayList<>();
    boolean within = false;
    for (String line : report) {
      if (within && line.startsWith(end)) {
        String code = line.substring(end.length());
        if (!code.equals("0")) {
          lines.add(OUTPUT + "[" + code + "]");
        }
        return lines;
      } else if (within && !line.isBlank()) {
        lines.add(OUTPUT + line.stripTrailing());
      }
      within |= line.equals("RUN " + step.number);
    }
    return List.of(OUTPUT + "(not run)");
  }

  /** The CDBs that the guest's kernel sent in a section, from its trace in the report. */
  static List<byte[]> sent(List<String> report, Section section) {
    List<byte[]> sent = new ArrayList<>();
    boolean within = false;
    for (String line : report) {
      if (line.startsWith("SECTION ")) {
        within = line.equals("SECTION " + section.number);
      } else if (within && line.startsWith("CDB ")) {
        // The kernel leaves out the blank behind 16 bytes.
        sent.add(HexFormat.of().parseHex(line.substring("CDB ".length()).replace(" ", "")));
      }
    }
    return sent;
  }
}
