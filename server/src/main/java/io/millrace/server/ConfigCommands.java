package io.millrace.server;

import io.millrace.rpc.ConfigException;
import io.millrace.rpc.ConfigFile;
import io.millrace.rpc.RpcClient;
import io.millrace.rpc.RpcException;
import io.millrace.rpc.SavedConfiguration;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.Separators;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The commands of {@code millrace rpc} that are no methods: what SPDK's rpc.py does at the client's
 * end, in the same format to the byte.
 */
final class ConfigCommands {
  private static final String SAVE = "save_config";
  private static final String LOAD = "load_config";
  private static final List<String> ALL = List.of(SAVE, LOAD);
  private static final String STANDARD_INPUT = "-";

  private final RpcClient client;
  private final CommandLine commandLine;

  ConfigCommands(RpcClient client, CommandLine commandLine) {
    this.client = client;
    this.commandLine = commandLine;
  }

  /** Whether a word is one of them, and no method. */
  static boolean has(String word) {
    return ALL.contains(word);
  }

  /**
   * Runs one.
   *
   * @param argument what stands behind it; null for nothing
   */
  void run(String command, @Nullable String argument) throws CommandException {
    try {
      if (command.equals(LOAD)) {
        load(argument == null ? STANDARD_INPUT : argument);
      } else if (argument == null) {
        save();
      } else {
        throw new ParameterException(commandLine, SAVE + " takes no parameters");
      }
    } catch (RpcException e) {
      throw CommandException.failed(command + ": error " + e.code() + ": " + e.getMessage());
    } catch (ConfigException | IOException e) {
      throw CommandException.failed(e);
    }
  }

  private void save() throws IOException, RpcException {
    PrintWriter out = commandLine.getOut();
    out.print(text(new SavedConfiguration(client).save()));
    out.print('\n');
    out.flush();
  }

  private void load(String file) throws IOException, RpcException, ConfigException {
    Set<String> skipped = new SavedConfiguration(client).load(read(file));
    if (!skipped.isEmpty()) {
      PrintWriter err = commandLine.getErr();
      err.println(
          "millrace rpc: not called, as the server is past its start: "
              + String.join(", ", skipped)
              + "; load the file into one with --wait-for-rpc");
      err.flush();
    }
  }

  private ConfigFile read(String file) throws ConfigException {
    if (file.equals(STANDARD_INPUT)) {
      return ConfigFile.read(Path.of("standard input"), System.in);
    }
    try {
      return ConfigFile.read(Path.of(file));
    } catch (InvalidPathException e) {
      throw new ParameterException(commandLine, LOAD + ": no path: " + e.getMessage());
    }
  }

  /** As Python's json.dump(indent=2) writes it. */
  static String text(JsonNode configuration) {
    Separators separators =
        Separators.createDefaultInstance()
            .withObjectNameValueSpacing(Separators.Spacing.AFTER)
            .withObjectEmptySeparator("")
            .withArrayEmptySeparator("");
    DefaultIndenter lines = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter(separators).withObjectIndenter(lines).withArrayIndenter(lines);
    JsonFactory factory =
        JsonFactory.builder()
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .disable(JsonWriteFeature.WRITE_HEX_UPPER_CASE)
            .build();
    return JsonMapper.builder(factory)
        .build()
        .writer()
        .with(printer)
        .writeValueAsString(configuration);
  }
}
