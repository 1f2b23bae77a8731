package io.millrace.rpc;

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

  Path path() {
    return path;
  }

  List<ConfigEntry> entries() {
    return entries;
  }
}
