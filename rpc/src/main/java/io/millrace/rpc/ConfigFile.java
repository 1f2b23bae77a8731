package io.millrace.rpc;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/** What a file of SPDK's configuration format says, as far as the file alone can be wrong. */
public final class ConfigFile {
  private final Path path;
  private final List<ConfigEntry> entries;

  private ConfigFile(Path path, List<ConfigEntry> entries) {
    this.path = path;
    this.entries = entries;
  }

  /**
   * Reads it. Any thread.
   *
   * @throws ConfigException it cannot be read, or is no such file
   */
  public static ConfigFile read(Path path) throws ConfigException {
    return new ConfigFile(path, ConfigReader.read(path));
  }

  /**
   * Reads it from somewhere else. Any thread.
   *
   * @param name what it is called in messages
   * @param in the caller's, who closes it
   * @throws ConfigException it cannot be read, or is no such file
   */
  public static ConfigFile read(Path name, InputStream in) throws ConfigException {
    return new ConfigFile(name, ConfigReader.read(name, in));
  }

  /** Whether it has a call of this method. */
  public boolean calls(String method) {
    return entries.stream()
        .flatMap(entry -> entry.calls().stream())
        .anyMatch(call -> call.method().equals(method));
  }

  Path path() {
    return path;
  }

  List<ConfigEntry> entries() {
    return entries;
  }
}
