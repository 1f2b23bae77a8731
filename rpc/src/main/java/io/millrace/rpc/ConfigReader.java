package io.millrace.rpc;

import io.millrace.rpc.ConfigEntry.Call;
import io.millrace.rpc.internal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.databind.JsonNode;

/**
 * Reads a file of SPDK's configuration format: {@code {"subsystems": [{"subsystem": …, "config":
 * [{"method": …, "params": …}, …]}]}}. Token by token as far as the calls, so that errors know
 * their line. Used once.
 */
final class ConfigReader {
  private static final Logger log = LoggerFactory.getLogger(ConfigReader.class);
  private static final Pattern LINE_BREAKING = Pattern.compile("[\\p{Cc}\\p{Zl}\\p{Zp}]");

  private final Path file;
  private final JsonParser parser;
  private final List<ConfigEntry> entries = new ArrayList<>();

  private ConfigReader(Path file, JsonParser parser) {
    this.file = file;
    this.parser = parser;
  }

  static List<ConfigEntry> read(Path file) throws ConfigException {
    if (Files.isDirectory(file)) { // which opens, and fails only when it is read
      throw new ConfigException(file + ": is a directory; give the path of a file in it to -c");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return read(file, in);
    } catch (NoSuchFileException e) {
      throw new ConfigException(file + ": there is no such file; check the path given to -c", e);
    } catch (IOException e) {
      throw new ConfigException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Reads it from somewhere else.
   *
   * @param file what it is called in messages
   */
  static List<ConfigEntry> read(Path file, InputStream in) throws ConfigException {
    try (JsonParser parser = Json.FILE.createParser(in)) {
      ConfigReader reader = new ConfigReader(file, parser);
      reader.root();
      return reader.entries;
    } catch (JacksonIOException e) {
      throw new ConfigException(file + ": cannot be read: " + e.getOriginalMessage(), e);
    } catch (JacksonException e) {
      int line = e.getLocation() == null ? 1 : Math.max(1, e.getLocation().getLineNr());
      String problem = e.getOriginalMessage().lines().findFirst().orElse("");
      throw new ConfigException(at(file, line) + "not JSON: " + problem + "; correct the file", e);
    } catch (NumberFormatException e) { // an exponent of more than ten digits
      throw new ConfigException(
          file + ": a number in it is too large to be one; correct the file", e);
    }
  }

  static String at(Path file, int line) {
    return file + ":" + line + ": ";
  }

  private void root() throws ConfigException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw wrong("the file must hold one object with a member \"subsystems\"");
    }
    boolean found = false;
    String name;
    while ((name = parser.nextName()) != null) {
      JsonToken value = parser.nextToken();
      if (!name.equals("subsystems")) {
        parser.skipChildren();
        continue;
      }
      if (value != JsonToken.START_ARRAY) {
        throw wrong("\"subsystems\" must be an array");
      }
      found = true;
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        subsystem();
      }
    }
    if (parser.nextToken() != null) {
      throw wrong("something follows the object; the file must hold one");
    }
    if (!found) {
      log.warn("{} has no member \"subsystems\": nothing to configure", file);
    }
  }

  /** A name out of the file, on one line whatever is in it. */
  private static String quoted(String name) {
    return "\"" + LINE_BREAKING.matcher(name).replaceAll("?") + "\"";
  }

  private void subsystem() throws ConfigException {
    expectObject("an element of \"subsystems\" must be an object");
    int line = line();
    String subsystem = null;
    List<ConfigEntry> config = null;
    boolean seen = false;
    String name;
    while ((name = parser.nextName()) != null) {
      JsonToken value = parser.nextToken();
      if (name.equals("subsystem") && value == JsonToken.VALUE_STRING) {
        subsystem = parser.getString();
      } else if (name.equals("config") && value == JsonToken.VALUE_NULL) {
        seen = true;
      } else if (name.equals("config") && value == JsonToken.START_ARRAY) {
        seen = true;
        config = config();
      } else {
        throw wrong(
            quoted(name)
                + " is not expected here; a subsystem has \"subsystem\" (a string) and"
                + " \"config\" (an array or null)");
      }
    }
    if (subsystem == null || !seen) {
      throw new ConfigException(
          at(file, line) + "a subsystem needs both \"subsystem\" and \"config\"");
    }
    if (config != null) {
      for (ConfigEntry entry : config) {
        entries.add(new ConfigEntry(subsystem, entry.line(), entry.calls()));
      }
    }
  }

  /** The subsystem's name may come after its calls: it is filled in later. */
  private List<ConfigEntry> config() throws ConfigException {
    List<ConfigEntry> config = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      int line = line();
      List<Call> calls = new ArrayList<>();
      if (parser.currentToken() == JsonToken.START_ARRAY) {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          calls.add(call());
        }
      } else {
        calls.add(call());
      }
      config.add(new ConfigEntry("", line, calls));
    }
    return config;
  }

  private Call call() throws ConfigException {
    expectObject("a call must be an object with \"method\" and \"params\"");
    int line = line();
    String method = null;
    JsonNode params = null;
    String name;
    while ((name = parser.nextName()) != null) {
      JsonToken value = parser.nextToken();
      if (name.equals("method") && value == JsonToken.VALUE_STRING) {
        method = parser.getString();
      } else if (name.equals("params") && value == JsonToken.START_OBJECT) {
        params = parser.readValueAsTree();
      } else {
        throw wrong(
            quoted(name)
                + " is not expected here; a call has \"method\" (a string) and \"params\""
                + " (an object)");
      }
    }
    if (method == null) {
      throw new ConfigException(at(file, line) + "a call needs a \"method\"");
    }
    return new Call(line, method, params);
  }

  private void expectObject(String otherwise) throws ConfigException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw wrong(otherwise);
    }
  }

  private int line() {
    return parser.currentTokenLocation().getLineNr();
  }

  private ConfigException wrong(@Nullable String problem) {
    return new ConfigException(at(file, Math.max(1, line())) + problem);
  }
}
